import { floorMod } from "../../functions/calendar.ts";
import { bindCast } from "../../functions/casts.ts";
import { compileDatetimePattern } from "../../functions/datetime-pattern.ts";
import { timeZoneOf, utc } from "../../functions/time-zone.ts";
import type { SourceContext } from "../contract.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";
import { stringType, type DataType, type SqlValue } from "../../types/data-type.ts";

/**
 * How a source, with its options and time zone, reads types that are written as text: dates, timestamps, intervals.
 * The reader of a type gives undefined for text that is no value of it.
 */
export interface TextValues {
  reader(type: DataType): (text: string) => SqlValue | undefined;
}

/** Text as casts from STRING read it (ISO forms), in a time zone. */
export function castTextValues(timeZone: string): TextValues {
  return {
    reader(type) {
      const cast = bindCast(stringType, type, "try", timeZone);
      return (text) => cast(text) ?? undefined;
    },
  };
}

const microsPerDay = 86_400_000_000n;

/**
 * The readers that `dateFormat`, `timestampFormat`, `timestampNTZFormat` and `timeZone` ask for; without a format a value
 * has the form that casts accept.
 */
export function readTextValues(options: OptionReader, context: SourceContext): TextValues {
  const timeZone = options.text("timeZone") ?? context.timeZone;
  const zone = timeZoneOf(timeZone);
  const casts = castTextValues(timeZone);
  const patterns: Partial<Record<DataType["kind"], string>> = {};
  const formats = [
    ["date", "dateFormat"],
    ["timestamp", "timestampFormat"],
    ["timestamp_ntz", "timestampNTZFormat"],
  ] as const;
  for (const [kind, name] of formats) {
    const pattern = options.text(name);
    if (pattern !== undefined) patterns[kind] = pattern;
  }
  return {
    reader(type) {
      const text = patterns[type.kind];
      if (text === undefined) return casts.reader(type);
      const pattern = compileDatetimePattern(text);
      if (type.kind === "timestamp") return (value) => pattern.parse(value, zone);
      if (type.kind === "timestamp_ntz") return (value) => pattern.parse(value, utc);
      return (value) => {
        const micros = pattern.parse(value, utc);
        return micros === undefined ? undefined : Number((micros - floorMod(micros, microsPerDay)) / microsPerDay);
      };
    },
  };
}
