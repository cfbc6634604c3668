import { bindCast } from "../../functions/casts.ts";
import type { SourceContext } from "../contract.ts";
import type { SourceOptions } from "./source-options.ts";
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

/**
 * The readers that `dateFormat`, `timestampFormat`, `timestampNTZFormat` and `timeZone` ask for; without a format a value
 * has the form that casts accept.
 */
export function readTextValues(options: SourceOptions, context: SourceContext): TextValues {
  return castTextValues(options.text("timeZone") ?? context.timeZone);
}
