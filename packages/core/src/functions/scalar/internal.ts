/** Functions that no one calls by name: the analyzer puts them in for `a[i]`, `m[key]` and `window(…)`. */
import { equalValues } from "../../columnar/compare.ts";
import { MillraceError } from "../../errors/index.ts";
import { bigintType, type DataType, type SqlMap, type SqlValue } from "../../types/data-type.ts";
import { fixedLocal, js, valueOf } from "../code.ts";
import { canCoerce } from "../coercion.ts";
import { unexpectedInput } from "../resolution.ts";
import { typeText } from "../type-text.ts";
import type { Code } from "../emitter.ts";
import type { FunctionDoc, ScalarFunction } from "../function.ts";

const doc = (usage: string, summary: string): FunctionDoc => ({ group: "Internal", usage, summary, examples: [] });

const getArrayItem: ScalarFunction = {
  name: "get_array_item",
  since: "0.1.0",
  arity: [2, 2],
  resolve: (args) => {
    const type = args[0]!.type;
    return { args: args.map((a) => a.type), returns: type.kind === "array" ? type.element : type };
  },
  nulls: "propagate",
  canReturnNull: true,
  deterministic: true,
  bind: (_signature, context) => (array, index) => {
    const items = array as readonly SqlValue[];
    const i = index as number;
    if (i >= 0 && i < items.length) return items[i]!;
    if (!context.ansi) return null;
    throw new MillraceError("INVALID_ARRAY_INDEX", { indexValue: `${i}`, arraySize: `${items.length}` });
  },
  doc: doc("array[index]", "The element at a zero-based position; outside the array an error (ANSI) or NULL."),
};

const getMapValue: ScalarFunction = {
  name: "get_map_value",
  since: "0.1.0",
  arity: [2, 2],
  resolve: (args, call) => {
    const type = args[0]!.type;
    const key = args[1]!;
    if (type.kind !== "map") return { args: args.map((a) => a.type), returns: type };
    if (!canCoerce(key.type, type.key, call.ansi)) throw unexpectedInput(key, typeText(type.key), 1, call);
    return { args: [type, type.key], returns: type.value };
  },
  nulls: "propagate",
  canReturnNull: true,
  deterministic: true,
  bind: (signature) => {
    const keyType: DataType = signature.args[1]!;
    return (map, key) => {
      const { keys, values } = map as SqlMap;
      const at = keys.findIndex((candidate) => equalValues(keyType, candidate, key!));
      return at < 0 ? null : values[at]!;
    };
  },
  doc: doc("map[key]", "The value of a key, or NULL when the map does not have it."),
};

/** time − floorMod(time − start, slide) − back, all in µs. */
const windowStart: ScalarFunction = {
  name: "window_start",
  since: "0.1.0",
  arity: [4, 4],
  resolve: (args) => ({ args: [args[0]!.type, bigintType, bigintType, bigintType], returns: args[0]!.type }),
  nulls: "propagate",
  deterministic: true,
  bind: () => (time, slide, start, back) => {
    const width = slide as bigint;
    const rest = ((time as bigint) - (start as bigint)) % width;
    return BigInt.asIntN(64, (time as bigint) - (rest < 0n ? rest + width : rest) - (back as bigint));
  },
  emit: {
    emit(args, ctx) {
      const [time, slide, start, back] = args.map(valueOf) as [Code, Code, Code, Code];
      const rest = ctx.fresh("v");
      ctx.line(js`let ${rest} = BigInt.asIntN(64, BigInt.asIntN(64, ${time} - ${start}) % ${slide});`);
      ctx.line(js`if (${rest} < 0n) ${rest} = BigInt.asIntN(64, ${rest} + ${slide});`);
      return fixedLocal(ctx, js`BigInt.asIntN(64, BigInt.asIntN(64, ${time} - ${rest}) - ${back})`);
    },
  },
  doc: doc("window_start(time, slide, start, back)", "Start of an event-time window."),
};

/** time + micros */
const shiftTime: ScalarFunction = {
  name: "shift_time",
  since: "0.1.0",
  arity: [2, 2],
  resolve: (args) => ({ args: [args[0]!.type, bigintType], returns: args[0]!.type }),
  nulls: "propagate",
  deterministic: true,
  bind: () => (time, micros) => BigInt.asIntN(64, (time as bigint) + (micros as bigint)),
  emit: {
    emit: (args, ctx) => fixedLocal(ctx, js`BigInt.asIntN(64, ${valueOf(args[0]!)} + ${valueOf(args[1]!)})`),
  },
  doc: doc("shift_time(time, micros)", "A time moved by microseconds."),
};

export const internal: readonly ScalarFunction[] = [getArrayItem, getMapValue, windowStart, shiftTime];
