/** Any value as text: what CAST to STRING gives. `show` prints most values so too, see `show-string.ts`. */
import { decodeUtf8 } from "../columnar/utf8.ts";
import { asVariant } from "../columnar/variant-reader.ts";
import type { DataType, DayTimeIntervalType, SqlMap, SqlValue, YearMonthIntervalType } from "../types/data-type.ts";
import { dateText, localTimestampText, timestampText } from "./datetime-text.ts";
import { decimalText } from "./decimal.ts";
import { doubleText, floatText } from "./number-text.ts";
import { timeText } from "./time-of-day.ts";
import { timeZoneOf } from "./time-zone.ts";
import { variantJson } from "./variant-text.ts";

/**
 * A function that prints non-null values of a type: doubles in Java's form, timestamps in the zone, `[1, null]`,
 * `{a -> 1}` for maps, `{1, x}` for structs.
 */
export function textOf(type: DataType, timeZone: string): (value: SqlValue) => string {
  switch (type.kind) {
    case "float":
      return (v) => floatText(v as number);
    case "double":
      return (v) => doubleText(v as number);
    case "decimal":
      return (v) => decimalText(v as bigint, type.scale);
    case "string":
      return (v) => v as string;
    case "binary":
      return (v) => decodeUtf8(v as Uint8Array, 0, (v as Uint8Array).length);
    case "date":
      return (v) => dateText(v as number);
    case "timestamp": {
      const zone = timeZoneOf(timeZone);
      return (v) => timestampText(v as bigint, zone);
    }
    case "timestamp_ntz":
      return (v) => localTimestampText(v as bigint);
    case "time":
      return (v) => timeText(v as bigint);
    case "variant": {
      // Times inside of a variant are shown in UTC, whatever the session's zone.
      const print = variantJson("UTC");
      return (v) => print(asVariant(v));
    }
    case "interval_day_time":
      return (v) => dayTimeIntervalText(v as bigint, type);
    case "interval_year_month":
      return (v) => yearMonthIntervalText(v as number, type);
    case "array": {
      const element = orNull(textOf(type.element, timeZone));
      return (v) => `[${(v as readonly SqlValue[]).map(element).join(", ")}]`;
    }
    case "map": {
      const key = textOf(type.key, timeZone);
      const value = orNull(textOf(type.value, timeZone));
      return (v) => {
        const map = v as SqlMap;
        return `{${map.keys.map((k, i) => `${key(k)} -> ${value(map.values[i]!)}`).join(", ")}}`;
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => orNull(textOf(f.type, timeZone)));
      return (v) => `{${fields.map((f, i) => f((v as readonly SqlValue[])[i]!)).join(", ")}}`;
    }
    default:
      return String;
  }
}

function orNull(print: (value: SqlValue) => string): (value: SqlValue) => string {
  return (value) => (value === null ? "null" : print(value));
}

const two = (n: bigint): string => String(n).padStart(2, "0");
const fieldNames = ["DAY", "HOUR", "MINUTE", "SECOND"] as const;

/** `INTERVAL '1 02:03:04.5' DAY TO SECOND`, cut to the fields of the type. */
export function dayTimeIntervalText(micros: bigint, { startField, endField }: DayTimeIntervalType): string {
  const size = micros < 0n ? -micros : micros;
  const sizes = [86_400_000_000n, 3_600_000_000n, 60_000_000n, 1_000_000n] as const;
  let rest = size;
  let out = "";
  for (let i: number = startField; i <= endField; i++) {
    const unit = sizes[i]!;
    const count = rest / unit;
    rest -= count * unit;
    const separator = i === startField ? "" : i === 1 ? " " : ":";
    out += separator + (i === startField && i !== 1 && i !== 2 && i !== 3 ? String(count) : two(count));
  }
  if (endField === 3 && rest > 0n) out += `.${String(rest).padStart(6, "0").replace(/0+$/, "")}`;
  const names =
    startField === endField ? fieldNames[startField] : `${fieldNames[startField]} TO ${fieldNames[endField]}`;
  return `INTERVAL '${micros < 0n ? "-" : ""}${out}' ${names}`;
}

/** `INTERVAL '1-2' YEAR TO MONTH` */
export function yearMonthIntervalText(months: number, { startField, endField }: YearMonthIntervalType): string {
  const sign = months < 0 ? "-" : "";
  const size = Math.abs(months);
  if (startField === 0 && endField === 0) return `INTERVAL '${sign}${Math.floor(size / 12)}' YEAR`;
  if (startField === 1) return `INTERVAL '${sign}${size}' MONTH`;
  return `INTERVAL '${sign}${Math.floor(size / 12)}-${size % 12}' YEAR TO MONTH`;
}
