/** What the records of date and time functions share. */
import { MillraceError } from "../../errors/index.ts";
import { js, local, number } from "../code.ts";
import type { Code, EmitContext } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { type RecordFields, scalarRecord } from "./scalar-record.ts";

export const timeFunction = (fields: RecordFields): ScalarFunction => scalarRecord("Date and time", fields);

/** Remainder of floor division by a positive constant. */
export function positiveRest(value: Code, by: bigint, ctx: EmitContext): Code {
  const rest = local(ctx, "t", js`BigInt.asIntN(64, ${value} % ${number(by)})`);
  return local(ctx, "t", js`(${rest} < 0n ? BigInt.asIntN(64, ${rest} + ${number(by)}) : ${rest})`);
}

export const hasOwn: typeof Object.prototype.hasOwnProperty = Object.prototype.hasOwnProperty;
/** INVALID_PARAMETER_VALUE.DATETIME_UNIT */
export function invalidUnit(functionName: string, unit: string): MillraceError {
  return new MillraceError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", {
    parameter: "`unit`",
    functionName: `\`${functionName}\``,
    invalidValue: `'${unit}'`,
  });
}
