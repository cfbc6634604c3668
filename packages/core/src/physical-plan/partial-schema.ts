import { assertInvariant } from "../errors/index.ts";
import type { AggregateCall } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { distinctBuffer } from "../functions/distinct-accumulators.ts";
import { argumentInfo } from "../functions/fold.ts";
import type { EvalContext } from "../functions/function.ts";
import { functionRegistry } from "../functions/registry.ts";
import { type Field, type StructType, structType } from "../types/data-type.ts";

/** For constant arguments, which depend on nothing of the batch. */
const constants: EvalContext = { timeZone: "UTC", ansi: true, nowMicros: 0n, seed: 0n };

/** Buffer fields of one aggregate call, in Spark's layout; over DISTINCT arguments the different rows seen. */
export function bufferFields(call: AggregateCall): readonly Field[] {
  const fn = functionRegistry.aggregate(call.fn);
  assertInvariant(fn !== undefined, `the aggregate ${call.fn} is not registered`);
  const args = call.args.map(typeOf);
  const infos = call.args.map((arg) => argumentInfo(arg, constants));
  return call.distinct ? distinctBuffer(args) : fn.buffer({ args, returns: call.type }, infos);
}

/** Columns between partial and final aggregation: the keys, then the buffers of each call in order. */
export function partialSchema(keys: readonly Field[], aggregates: readonly AggregateCall[]): StructType {
  return structType([...keys, ...aggregates.flatMap(bufferFields)]);
}
