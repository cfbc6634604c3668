/** TIME_BUCKET: timestamps rounded down to buckets of an interval. */
import { MillraceError } from "../../errors/index.ts";
import type { SqlValue } from "../../types/data-type.ts";
import { floorDiv, localTimeOf, microsPerDay } from "../calendar.ts";
import { timestampPlusMonths } from "../datetime-arithmetic.ts";
import type { ScalarFunction } from "../function.ts";
import { unexpectedInput } from "../resolution.ts";
import { fromLocal, timeZoneOf, toLocal, utc } from "../time-zone.ts";
import { timeFunction } from "./time-function.ts";

export const timeBucket: ScalarFunction = timeFunction({
  name: "time_bucket",
  arity: [2, 3],
  resolve(args, call) {
    const [size, time, origin] = args;
    const isSize = ["interval_day_time", "interval_year_month", "null"].includes(size!.type.kind);
    if (!isSize)
      throw unexpectedInput(size!, '("INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH")'.slice(1, -1), 0, call);
    const kind = time!.type.kind === "null" ? (origin?.type.kind ?? "timestamp") : time!.type.kind;
    if (kind !== "timestamp" && kind !== "timestamp_ntz")
      throw unexpectedInput(time!, '("TIMESTAMP" or "TIMESTAMP_NTZ")'.slice(1, -1), 1, call);
    if (origin !== undefined && origin.type.kind !== kind && origin.type.kind !== "null")
      throw unexpectedInput(origin, kind.toUpperCase(), 2, call);
    for (const [arg, name] of [
      [size, "bucketSize"],
      [origin, "origin"],
    ] as const)
      if (arg !== undefined && arg.literal === undefined)
        throw new MillraceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
          sqlExpr: call.sql,
          inputName: `\`${name}\``,
          inputType: `"${arg.type.kind.toUpperCase()}"`,
          inputExpr: `"${arg.sql ?? call.sql}"`,
        });
    const value = size!.literal!.value;
    if (value !== null && (value as number | bigint) <= 0)
      throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: call.sql,
        exprName: "`bucketSize`",
        valueRange: "(0, 9223372036854775807]",
        currentValue: String(value),
      });
    const type = { kind } as const;
    return { args: [size!.type, type, type].slice(0, args.length), returns: type };
  },
  bind({ args, returns }, context) {
    const zone = returns.kind === "timestamp" ? timeZoneOf(context.timeZone) : utc;
    const zoneName = returns.kind === "timestamp" ? context.timeZone : "UTC";
    const byMonths = args[0]!.kind === "interval_year_month";
    const epoch = fromLocal(zone, 0n);
    return (size, time, origin: SqlValue = epoch) => {
      const [at, start] = [time as bigint, origin as bigint];
      if (byMonths) {
        const months = size as number;
        const [a, b] = [localTimeOf(toLocal(zone, at)), localTimeOf(toLocal(zone, start))];
        let bucket = Math.floor(((a.year - b.year) * 12 + a.month - b.month) / months);
        // The day and time of the origin may lie behind those of the time.
        while (timestampPlusMonths(start, bucket * months, zoneName) > at) bucket--;
        while (timestampPlusMonths(start, (bucket + 1) * months, zoneName) <= at) bucket++;
        return timestampPlusMonths(start, bucket * months, zoneName);
      }
      const micros = size as bigint;
      // Sizes of a day and more go by the clock of the zone; smaller ones are lengths of time.
      if (micros < microsPerDay || zone.fixed !== undefined) return start + floorDiv(at - start, micros) * micros;
      const from = toLocal(zone, start);
      return fromLocal(zone, from + floorDiv(toLocal(zone, at) - from, micros) * micros);
    };
  },
  usage: "time_bucket(bucketSize, timestamp[, origin])",
  summary:
    "Start of the bucket that a timestamp falls into; buckets are counted from an origin, 1970-01-01 unless given.",
  examples: [
    ["time_bucket(INTERVAL '15' MINUTE, TIMESTAMP'2024-01-01 11:27:00')", "2024-01-01 11:15:00"],
    [
      "time_bucket(INTERVAL '1' MONTH, TIMESTAMP'2024-07-20 14:30:00', TIMESTAMP'2024-06-15 09:00:00')",
      "2024-07-15 09:00:00",
    ],
  ],
});
