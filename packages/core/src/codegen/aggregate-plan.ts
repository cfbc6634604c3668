/** Chooses how an aggregate is kept: in typed arrays that generated code updates, or in the function's accumulators. */
import { type FixedVector, type VectorKind, vectorKindOf } from "../columnar/vector.ts";
import { MillraceError } from "../errors/index.ts";
import type { AggregateCall } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { distinctAccumulators, distinctBuffer } from "../functions/distinct-accumulators.ts";
import type { EvalContext, FastAggregate } from "../functions/function.ts";
import { functionRegistry } from "../functions/registry.ts";
import { type DataType, type DecimalType, type Field, isIntegral } from "../types/data-type.ts";
import {
  AccumulatorStore,
  type AggregateStore,
  AverageStore,
  CountStore,
  ExtremeStore,
  SumDoubleStore,
  SumLongStore,
} from "./aggregate-stores.ts";
import { withAnsi } from "./batch-context.ts";
import { argumentInfos } from "./bind-call.ts";
import {
  AverageDecimalStore,
  AverageShortDecimalStore,
  SumDecimalStore,
  SumShortDecimalStore,
} from "./decimal-stores.ts";

/** How an aggregate is kept and updated. */
export interface AggregatePlan {
  readonly call: AggregateCall;
  readonly buffer: readonly Field[];
  /** Update in generated code; absent: through accumulators. */
  readonly fast?: FastUpdate;
  create(): AggregateStore;
}
export type FastUpdate =
  | { readonly op: "count" }
  | { readonly op: "sumLong"; readonly checked: boolean }
  | { readonly op: "sumDouble" }
  | { readonly op: "min" | "max"; readonly kind: FixedVector["kind"] }
  | { readonly op: "avg" }
  | { readonly op: "sumDecimal" | "sumShortDecimal"; readonly to: DecimalType; readonly ansi: boolean }
  | {
      readonly op: "avgDecimal" | "avgShortDecimal";
      readonly from: DecimalType;
      readonly to: DecimalType;
      readonly ansi: boolean;
    };

export function planAggregate(call: AggregateCall, context: EvalContext, codegen: boolean): AggregatePlan {
  const fn = functionRegistry.aggregate(call.fn);
  if (fn === undefined) throw new MillraceError("INTERNAL_ERROR", { message: "an aggregate that is not registered" });
  const signature = { args: call.args.map(typeOf), returns: call.type };
  const infos = argumentInfos(call.args, context);
  const buffer = call.distinct ? distinctBuffer(signature.args) : fn.buffer(signature, infos);
  const fast = codegen && !call.distinct && fn.fast !== undefined ? fastUpdate(fn.fast, call, buffer) : undefined;
  if (fast !== undefined) return { call, buffer, fast, create: () => fastStore(fast, call.type) };
  return {
    call,
    buffer,
    create() {
      const inner = fn.bind(signature, withAnsi(context, call.ansi), infos);
      const accumulators = call.distinct ? distinctAccumulators(inner, signature.args) : inner;
      return new AccumulatorStore(accumulators, buffer, call.type);
    },
  };
}

/** The update for a function that declares one, when types and buffer are those that the update is written for. */
function fastUpdate(
  { op, tolerant }: FastAggregate,
  call: AggregateCall,
  buffer: readonly Field[],
): FastUpdate | undefined {
  const arg = call.args[0] === undefined ? undefined : typeOf(call.args[0]);
  const kinds = buffer.map((f) => f.type.kind).join(",");
  if ((op === "sum" || op === "avg") && arg?.kind === "decimal" && call.type.kind === "decimal")
    return decimalUpdate(op, kinds, arg, call.type, call.ansi && tolerant !== true);
  switch (op) {
    case "count":
      return kinds === "bigint" ? { op } : undefined;
    case "sum":
      if (arg === undefined || call.args.length !== 1) return undefined;
      if (kinds === "bigint" && isIntegral(arg)) return { op: "sumLong", checked: call.ansi };
      return kinds === "double" && (arg.kind === "double" || arg.kind === "float") ? { op: "sumDouble" } : undefined;
    case "avg":
      if (arg === undefined || call.args.length !== 1 || kinds !== "double,bigint" || call.type.kind !== "double")
        return undefined;
      return isIntegral(arg) || arg.kind === "double" || arg.kind === "float" ? { op } : undefined;
    case "min":
    case "max": {
      const kind = fixedKind(call.type);
      if (kind === undefined || call.args.length !== 1 || buffer.length !== 1 || arg!.kind !== call.type.kind)
        return undefined;
      return { op, kind };
    }
  }
}

function decimalUpdate(
  op: "sum" | "avg",
  kinds: string,
  from: DecimalType,
  to: DecimalType,
  ansi: boolean,
): FastUpdate | undefined {
  switch (`${op} ${kinds}`) {
    case "sum decimal,boolean":
      return { op: "sumDecimal", to, ansi };
    case "sum bigint":
      return { op: "sumShortDecimal", to, ansi };
    case "avg decimal,bigint":
      return { op: "avgDecimal", from, to, ansi };
    case "avg double,bigint":
      return { op: "avgShortDecimal", from, to, ansi };
    default:
      return undefined;
  }
}

function fixedKind(type: DataType): FixedVector["kind"] | undefined {
  const kind: VectorKind = vectorKindOf(type);
  switch (kind) {
    case "i8":
    case "i16":
    case "i32":
    case "i64":
    case "f32":
    case "f64":
      return kind;
    default:
      return undefined;
  }
}

function fastStore(fast: FastUpdate, type: DataType): AggregateStore {
  switch (fast.op) {
    case "count":
      return new CountStore();
    case "sumLong":
      return new SumLongStore(fast.checked);
    case "sumDouble":
      return new SumDoubleStore();
    case "avg":
      return new AverageStore();
    case "sumDecimal":
      return new SumDecimalStore(fast.to, fast.ansi);
    case "sumShortDecimal":
      return new SumShortDecimalStore(fast.to, fast.ansi);
    case "avgDecimal":
      return new AverageDecimalStore(fast.from, fast.to, fast.ansi);
    case "avgShortDecimal":
      return new AverageShortDecimalStore(fast.from, fast.to);
    case "min":
    case "max":
      return new ExtremeStore(fast.op, type);
  }
}
