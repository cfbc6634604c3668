/** Fields of dates and timestamps: year, hour and the like. */
import { type DataType, intType, type SqlValue } from "../../types/data-type.ts";
import { microsPerSecond } from "../calendar.ts";
import { fixedLocal, js, local, number, valueOf } from "../code.ts";
import type { Emitter } from "../emitter.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { numberOfInt64 } from "../kernels/int64.ts";
import { classes, type Resolve, signature } from "../resolution.ts";
import { timeZoneOf } from "../time-zone.ts";
import { type DatetimePart, datetimeParts, localMicros } from "./datetime-extract.ts";
import { positiveRest, timeFunction } from "./time-function.ts";

const datetimeArgument: Resolve = signature([classes.datetime], intType);
const clockArgument: Resolve = (args, call) =>
  args[0]!.type.kind === "time" ? { args: [args[0]!.type], returns: intType } : datetimeArgument(args, call);

/** Hour, minute and second of a fixed offset without leaving 64-bit arithmetic until the last step. */
function clockEmitter(
  unit: bigint,
  modulus: bigint,
  form: (context: EvalContext, type: DataType) => (v: SqlValue) => number,
): Emitter {
  return {
    emit([arg], ctx, types, options) {
      const zone = timeZoneOf(options.timeZone);
      const type = types.args[0]!;
      if ((type.kind === "timestamp" && zone.fixed === undefined) || type.kind === "date")
        return fixedLocal(ctx, js`${ctx.bind(form(options.context, type))}(${valueOf(arg!)})`);
      // A TIME has nanoseconds.
      const scale = type.kind === "time" ? 1000n : 1n;
      const shift = type.kind === "timestamp" ? BigInt(zone.fixed!) * microsPerSecond : 0n;
      const span = unit * modulus * scale;
      const time =
        shift === 0n ? valueOf(arg!) : local(ctx, "t", js`BigInt.asIntN(64, ${valueOf(arg!)} + ${number(shift)})`);
      const rest = positiveRest(time, span, ctx);
      return fixedLocal(ctx, js`${ctx.bind(numberOfInt64)}(BigInt.asIntN(64, ${rest} / ${number(unit * scale)}))`);
    },
  };
}

function part(
  name: DatetimePart,
  aliases: readonly string[],
  summary: string,
  sql: string,
  result: string,
): ScalarFunction {
  const form = (context: EvalContext, type: DataType): ((v: SqlValue) => number) => {
    const toMicros = localMicros(type, context);
    const field = datetimeParts[name];
    return (v) => field(toMicros(v));
  };
  const clock: Partial<Record<DatetimePart, readonly [unit: bigint, modulus: bigint]>> = {
    hour: [3_600_000_000n, 24n],
    minute: [60_000_000n, 60n],
    second: [1_000_000n, 60n],
  };
  const units = clock[name];
  return timeFunction({
    name,
    aliases,
    arity: [1, 1],
    resolve: units === undefined ? datetimeArgument : clockArgument,
    bind: (types, context) => form(context, types.args[0]!) as (v?: SqlValue) => SqlValue,
    ...(units === undefined ? {} : { emit: clockEmitter(...units, form) }),
    usage: `${name}(time)`,
    summary,
    examples: [[sql, result]],
  });
}

export const datetimeFields: readonly ScalarFunction[] = [
  part("year", [], "The year.", "year('2016-07-30')", "2016"),
  part("quarter", [], "The quarter, 1 to 4.", "quarter('2016-08-31')", "3"),
  part("month", [], "The month, 1 to 12.", "month('2016-07-30')", "7"),
  part("day", ["dayofmonth"], "The day of the month.", "day('2009-07-30')", "30"),
  part("hour", [], "The hour in the session zone.", "hour('2018-02-14 12:58:59')", "12"),
  part("minute", [], "The minute.", "minute('2009-07-30 12:58:59')", "58"),
  part("second", [], "The whole second.", "second('2018-02-14 12:58:59')", "59"),
  part("dayofweek", [], "The day of the week: 1 is Sunday, 7 Saturday.", "dayofweek('2009-07-30')", "5"),
  part("weekday", [], "The day of the week: 0 is Monday, 6 Sunday.", "weekday('2009-07-30')", "3"),
  part("dayofyear", [], "The day of the year.", "dayofyear('2016-04-09')", "100"),
  part("weekofyear", [], "The ISO 8601 week.", "weekofyear('2008-02-20')", "8"),
];
