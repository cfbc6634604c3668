/** Values as bytes, in the forms that JSON and CSV files of Spark have in common. */
import { readDecimal } from "../../columnar/decimal-values.ts";
import type { Vector } from "../../columnar/vector.ts";
import { civilFromDays } from "../../functions/calendar.ts";
import { compileDatetimePattern } from "../../functions/datetime-pattern.ts";
import { doubleText, floatText } from "../../functions/number-text.ts";
import { type TimeZone, timeZoneOf, utc } from "../../functions/time-zone.ts";
import type { DataType } from "../../types/data-type.ts";
import { MillraceError } from "../../errors/index.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Writes value `i` of the column it was made for; the value is not null. */
export type ValueWriter = (i: number) => void;
/** Prepares writing a column of a known type. */
export type ColumnWriter = (vector: Vector) => ValueWriter;

/** How dates and times are written. An undefined pattern is Spark's default form. */
export interface TimeFormats {
  readonly timeZone: string;
  readonly date: string | undefined;
  readonly timestamp: string | undefined;
  readonly timestampNtz: string | undefined;
}

function vectorOf<K extends Vector["kind"]>(vector: Vector, kind: K): Extract<Vector, { readonly kind: K }> {
  if (vector.kind !== kind)
    throw new MillraceError("INTERNAL_ERROR", { message: `a ${kind} column is laid out as ${vector.kind}` });
  return vector as Extract<Vector, { readonly kind: K }>;
}
export { vectorOf };

/** The halves of 64-bit values: reading them as two numbers avoids a BigInt per row. */
function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** tinyint, smallint, int, bigint. */
export function integerWriter(type: DataType, out: ByteWriter): ColumnWriter {
  if (type.kind === "bigint") {
    return (vector) => {
      const { values } = vectorOf(vector, "i64");
      const halves = halvesOf(values);
      return (i) => {
        const value = halves[2 * i + 1]! * 4_294_967_296 + (halves[2 * i]! >>> 0);
        if (Number.isSafeInteger(value)) out.integer(value);
        else out.text(String(values[i]));
      };
    };
  }
  const kind = type.kind === "tinyint" ? "i8" : type.kind === "smallint" ? "i16" : "i32";
  return (vector) => {
    const { values } = vectorOf(vector, kind);
    return (i) => out.integer(values[i]!);
  };
}

/** Text of a finite double as Java prints it. */
function finiteDouble(value: number, out: ByteWriter): void {
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    // JavaScript and Java agree here, but for the `.0` of whole numbers.
    if (size === Math.floor(size)) {
      out.integer(value);
      out.byte(0x2e);
      out.byte(0x30);
    } else {
      out.text(String(value));
    }
  } else {
    out.text(doubleText(value));
  }
}

/** float, double. NaN and the infinities are between quotes when `quoteSpecial` is set. */
export function floatingWriter(type: DataType, out: ByteWriter, quoteSpecial: boolean): ColumnWriter {
  const kind = type.kind === "float" ? "f32" : "f64";
  return (vector) => {
    const { values } = vectorOf(vector, kind);
    return (i) => {
      const value = values[i]!;
      if (Number.isFinite(value)) {
        if (kind === "f64") finiteDouble(value, out);
        else out.text(floatText(value));
      } else {
        out.text(quoteSpecial ? `"${doubleText(value)}"` : doubleText(value));
      }
    };
  };
}

/** `BigDecimal.toString`: exponents appear where more than five zeros would follow the point, as in `0E-18`. */
export function javaDecimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  const sign = unscaled < 0n ? "-" : "";
  if (scale === 0) return sign + digits;
  const exponent = digits.length - 1 - scale;
  if (exponent >= -6) {
    const padded = digits.padStart(scale + 1, "0");
    const point = padded.length - scale;
    return `${sign}${padded.slice(0, point)}.${padded.slice(point)}`;
  }
  return `${sign}${digits[0]!}${digits.length > 1 ? `.${digits.slice(1)}` : ""}E${exponent}`;
}

export function decimalWriter(scale: number, out: ByteWriter): ColumnWriter {
  return (vector) => {
    const { values } = vectorOf(vector, "decimal");
    return (i) => out.text(javaDecimalText(readDecimal(values, i), scale));
  };
}

export function booleanWriter(out: ByteWriter): ColumnWriter {
  return (vector) => {
    const { values } = vectorOf(vector, "bool");
    return (i) => out.text(((values[i >> 3]! >> (i & 7)) & 1) === 1 ? "true" : "false");
  };
}

const microsPerDay = 86_400_000_000n;

function isoDay(days: number, out: ByteWriter): void {
  const { year, month, day } = civilFromDays(days);
  if (year >= 0 && year <= 9999) out.digits(year, 4);
  else out.text(year < 0 ? `-${String(-year).padStart(4, "0")}` : `+${year}`);
  out.byte(0x2d);
  out.digits(month, 2);
  out.byte(0x2d);
  out.digits(day, 2);
}

export function dateWriter(formats: TimeFormats, out: ByteWriter): ColumnWriter {
  if (formats.date === undefined || formats.date === "yyyy-MM-dd") {
    return (vector) => {
      const { values } = vectorOf(vector, "i32");
      return (i) => isoDay(values[i]!, out);
    };
  }
  const pattern = compileDatetimePattern(formats.date);
  return (vector) => {
    const { values } = vectorOf(vector, "i32");
    return (i) => out.text(pattern.format(BigInt(values[i]!) * microsPerDay, utc));
  };
}

/** `yyyy-MM-dd'T'HH:mm:ss.SSS` of milliseconds of local time. */
function isoTime(localMs: number, out: ByteWriter): void {
  const days = Math.floor(localMs / 86_400_000);
  const ms = localMs - days * 86_400_000;
  isoDay(days, out);
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  out.byte(0x54);
  out.digits(hours, 2);
  out.byte(0x3a);
  out.digits(minutes - hours * 60, 2);
  out.byte(0x3a);
  out.digits(seconds - minutes * 60, 2);
  out.byte(0x2e);
  out.digits(ms - seconds * 1000, 3);
}

/** `Z`, `+02:00` */
function isoOffset(seconds: number, out: ByteWriter): void {
  if (seconds === 0) {
    out.byte(0x5a);
    return;
  }
  const minutes = Math.floor(Math.abs(seconds) / 60);
  out.byte(seconds < 0 ? 0x2d : 0x2b);
  out.digits(Math.floor(minutes / 60), 2);
  out.byte(0x3a);
  out.digits(minutes % 60, 2);
}

/** Milliseconds of microseconds given as two halves, rounded down; exact for every value. */
function millisOf(values: BigInt64Array, halves: Int32Array, i: number): number {
  const micros = halves[2 * i + 1]! * 4_294_967_296 + (halves[2 * i]! >>> 0);
  if (Number.isSafeInteger(micros)) return Math.floor(micros / 1000);
  const exact = values[i]!;
  return Number((exact - (((exact % 1000n) + 1000n) % 1000n)) / 1000n);
}

/** timestamp, timestamp_ntz; Spark's default form has milliseconds, and of a timestamp the offset of the zone. */
export function timestampWriter(type: DataType, formats: TimeFormats, out: ByteWriter): ColumnWriter {
  const zoned = type.kind === "timestamp";
  const zone: TimeZone = zoned ? timeZoneOf(formats.timeZone) : utc;
  const text = zoned ? formats.timestamp : formats.timestampNtz;
  if (text !== undefined) {
    const pattern = compileDatetimePattern(text);
    return (vector) => {
      const { values } = vectorOf(vector, "i64");
      return (i) => out.text(pattern.format(values[i]!, zone));
    };
  }
  return (vector) => {
    const { values } = vectorOf(vector, "i64");
    const halves = halvesOf(values);
    return (i) => {
      const ms = millisOf(values, halves, i);
      const offset = zone.fixed ?? zone.offsetSeconds(Math.floor(ms / 1000));
      isoTime(ms + offset * 1000, out);
      if (zoned) isoOffset(offset, out);
    };
  };
}
