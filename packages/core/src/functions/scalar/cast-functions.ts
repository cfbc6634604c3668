/** `int(x)`, `string(x)` and so on: casts that are written as calls. */
import { assertInvariant } from "../../errors/index.ts";
import { castFunctionNames } from "../../expressions/function-names.ts";
import { simpleTypeOf } from "../../types/atomic-types.ts";
import { type DataType, decimalType, timeType } from "../../types/data-type.ts";
import { bindCast, canCast, castCanReturnNull, castMisfit, emitCast } from "../casts.ts";
import type { ScalarFunction } from "../function.ts";

const examples: Readonly<Record<string, readonly [sql: string, result: string]>> = {
  binary: ["hex(binary('abc'))", "616263"],
  boolean: ["boolean('true')", "true"],
  date: ["date('2024-01-02')", "2024-01-02"],
  decimal: ["decimal('12.7')", "13"],
  double: ["double('1.5')", "1.5"],
  float: ["float('1.5')", "1.5"],
  string: ["string(1)", "1"],
  time: ["time('12:34:56')", "12:34:56"],
  timestamp: ["timestamp('2024-01-02 03:04:05')", "2024-01-02 03:04:05"],
};

function castFunction(name: string, type: DataType): ScalarFunction {
  const [sql, result] = examples[name] ?? [`${name}('12')`, "12"];
  return {
    name,
    since: "0.2.0",
    arity: [1, 1],
    resolve(args, call) {
      const from = args[0]!.type;
      if (!canCast(from, type, call.ansi ? "ansi" : "legacy"))
        throw castMisfit(call.sql, from, type, call.ansi ? "ansi" : "legacy");
      return { args: [from], returns: type };
    },
    nulls: "propagate",
    canReturnNull: (args, ansi) => castCanReturnNull(args[0]!.type, type, ansi ? "ansi" : "legacy"),
    deterministic: true,
    bind({ args }, context) {
      const cast = bindCast(args[0]!, type, context.ansi ? "ansi" : "legacy", context.timeZone);
      return (value) => cast(value!);
    },
    emit: {
      emit: ([value], ctx, { args }, options) =>
        emitCast(value!, args[0]!, type, options.ansi ? "ansi" : "legacy", ctx, options.context),
    },
    doc: {
      group: "Conversion",
      usage: `${name}(expr)`,
      summary: `The value cast to ${name.toUpperCase()}, as CAST does.`,
      examples: [{ sql, result }],
    },
  };
}

export const castFunctions: readonly ScalarFunction[] = [...castFunctionNames].map((name) => {
  const type = name === "decimal" ? decimalType(10, 0) : name === "time" ? timeType() : simpleTypeOf(name);
  assertInvariant(type !== undefined, "a cast function is named like a type");
  return castFunction(name, type);
});
