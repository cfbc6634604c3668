/** Calls of users' closures: external values in, the result checked and converted, failures wrapped. */
import { externalReader } from "../columnar/external-values.ts";
import { externalWriter } from "../columnar/external-input.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { isMillraceError, MillraceError } from "../errors/index.ts";
import type { UserFunction, UserFunctionCall } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { sqlName } from "../types/type-names.ts";

/** A user function as a function of engine values. */
export function bindUserFunction(call: UserFunctionCall, options: ValueOptions): (...args: SqlValue[]) => SqlValue {
  const { fn } = call;
  const types = call.args.map(typeOf);
  const inputs = types.map((type, i) => externalOf(type, options, `argument ${i + 1} of ${fn.name}`));
  const output = externalWriter(call.type, true, `the result of ${fn.name}`);
  const closure = fn.closure as (...args: unknown[]) => unknown;
  return (...args) => {
    const external = inputs.map((convert, i) => convert(args[i]!));
    let result: unknown;
    try {
      result = closure(...external);
    } catch (error) {
      throw failedFunction(fn, types, call.type, error);
    }
    return output(result);
  };
}

/** Converts single engine values to what users see. */
function externalOf(type: DataType, options: ValueOptions, path: string): (value: SqlValue) => unknown {
  switch (type.kind) {
    case "boolean":
    case "tinyint":
    case "smallint":
    case "int":
    case "float":
    case "double":
    case "string":
      return (value) => value;
    default: {
      const reader = externalReader(type, options, path);
      const builder = createBuilder(type, 1);
      return (value) => {
        if (value === null) return null;
        builder.append(value);
        return reader(builder.finish())(0);
      };
    }
  }
}

/** FAILED_EXECUTE_UDF with the user's error as its cause. */
export function failedFunction(
  fn: UserFunction,
  args: readonly DataType[],
  result: DataType | undefined,
  error: unknown,
): MillraceError {
  if (isMillraceError(error, "FAILED_EXECUTE_UDF")) return error;
  return new MillraceError(
    "FAILED_EXECUTE_UDF",
    {
      functionName: `\`${fn.name}\``,
      signature: args.map(sqlName).join(", "),
      result: result === undefined ? "BOOLEAN" : sqlName(result),
      reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    },
    { cause: error },
  );
}
