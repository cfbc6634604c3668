/**
 * CAST, as Spark defines it in its three modes: `ansi` raises CAST_INVALID_INPUT, CAST_OVERFLOW and friends, `try` gives
 * NULL instead, `legacy` follows Spark without ANSI (malformed text is NULL, integers wrap around).
 */
import { encodeUtf8 } from "../columnar/utf8.ts";
import { asVariant } from "../columnar/variant-reader.ts";
import { MillraceError } from "../errors/index.ts";
import {
  type DataType,
  type DecimalType,
  isIntegral,
  isNumeric,
  sameTypeIgnoringNullability,
  type SqlMap,
  type SqlValue,
} from "../types/data-type.ts";
import { floorDiv, floorMod, localMicrosOf, microsPerDay, microsPerSecond } from "./calendar.ts";
import { textOf } from "./cast-text.ts";
import { isAtomic, isDatetime, isInterval } from "./coercion.ts";
import { parseDate, parseTimestamp, parseTimestampNtz } from "./datetime-text.ts";
import {
  decimalFromNumber,
  decimalText,
  decimalToNumber,
  fitsPrecision,
  parseDecimal,
  powerOfTen,
  rescale,
} from "./decimal.ts";
import { parseInterval } from "./interval.ts";
import { parseBoolean, parseDouble, parseInteger, trimAll } from "./number-text.ts";
import { cutToPrecision, nanosPerSecond, parseTimeText } from "./time-of-day.ts";
import { fromLocal, timeZoneOf, toLocal } from "./time-zone.ts";
import { quotedType } from "./type-text.ts";
import { toVariant, type TryCast, variantReaderOf } from "./variant-casts.ts";

export type CastMode = "ansi" | "try" | "legacy";
type Unary = (value: SqlValue) => SqlValue;

/** Whether a cast is allowed at all; `try` allows what `ansi` does. */
export function canCast(from: DataType, to: DataType, mode: CastMode): boolean {
  if (from.kind === "null" || sameTypeIgnoringNullability(from, to)) return true;
  const legacy = mode === "legacy";
  switch (to.kind) {
    case "null":
      return false;
    case "variant":
      return canCastToVariant(from);
    case "string":
      return true;
    case "binary":
      return from.kind === "string" || from.kind === "variant" || (legacy && isIntegral(from));
    case "boolean":
      return (
        from.kind === "string" ||
        from.kind === "variant" ||
        isNumeric(from) ||
        (legacy && (from.kind === "date" || from.kind === "timestamp"))
      );
    case "date":
      return (
        from.kind === "string" || from.kind === "variant" || from.kind === "timestamp" || from.kind === "timestamp_ntz"
      );
    case "time":
      return (
        from.kind === "string" || from.kind === "time" || from.kind === "timestamp" || from.kind === "timestamp_ntz"
      );
    case "timestamp":
      return (
        from.kind === "string" ||
        from.kind === "variant" ||
        isDatetime(from) ||
        isNumeric(from) ||
        (legacy && from.kind === "boolean")
      );
    case "timestamp_ntz":
      return from.kind === "string" || from.kind === "variant" || isDatetime(from);
    case "interval_day_time":
    case "interval_year_month":
      return from.kind === "string" || from.kind === to.kind || (isIntegral(from) && to.startField === to.endField);
    case "array":
      return from.kind === "variant"
        ? canCast(from, to.element, mode)
        : from.kind === "array" && canCast(from.element, to.element, mode);
    case "map":
      if (from.kind === "variant") return to.key.kind === "string" && canCast(from, to.value, mode);
      return from.kind === "map" && canCast(from.key, to.key, mode) && canCast(from.value, to.value, mode);
    case "struct":
      if (from.kind === "variant") return to.fields.every((f) => canCast(from, f.type, mode));
      return (
        from.kind === "struct" &&
        from.fields.length === to.fields.length &&
        from.fields.every((f, i) => canCast(f.type, to.fields[i]!.type, mode))
      );
    default:
      return (
        from.kind === "string" ||
        from.kind === "variant" ||
        from.kind === "boolean" ||
        isNumeric(from) ||
        from.kind === "timestamp" ||
        (isInterval(from) && hasOneField(from) && isIntegral(to)) ||
        (from.kind === "time" && (isIntegral(to) || to.kind === "decimal")) ||
        (legacy && from.kind === "date")
      );
  }
}

function hasOneField(type: DataType): boolean {
  return (
    (type.kind === "interval_day_time" || type.kind === "interval_year_month") && type.startField === type.endField
  );
}

/** Microseconds of each field of a day-time interval, months of each of a year-month interval. */
const dayTimeUnits = [86_400_000_000n, 3_600_000_000n, 60_000_000n, 1_000_000n] as const;
const yearMonthUnits = [12n, 1n] as const;
/** The smallest unit that an interval type has. */
function unitOf(type: DataType): bigint {
  if (type.kind === "interval_day_time") return dayTimeUnits[type.endField];
  return type.kind === "interval_year_month" ? yearMonthUnits[type.endField] : 1n;
}

/** Values of one undivided type that variants know, and arrays of such. */
function canCastToVariant(from: DataType): boolean {
  if (from.kind === "array") return canCastToVariant(from.element);
  return (
    from.kind === "null" || from.kind === "variant" || (isAtomic(from) && from.kind !== "time" && !isInterval(from))
  );
}

/** Whether a cast of a non-null value can give NULL. */
export function castCanReturnNull(from: DataType, to: DataType, mode: CastMode): boolean {
  if (from.kind === "variant") return to.kind !== "variant";
  // Of NaN and infinity no decimal is made, in ANSI mode too.
  if (to.kind === "decimal" && (from.kind === "double" || from.kind === "float")) return true;
  if (mode === "ansi" || to.kind === "string" || sameTypeIgnoringNullability(from, to)) return false;
  if (isIntegral(from) && mode === "legacy") return to.kind === "decimal";
  return true;
}

/**
 * The cast as a function; NULL gives NULL.
 * @throws CAST_INVALID_INPUT, CAST_OVERFLOW, NUMERIC_VALUE_OUT_OF_RANGE in ANSI mode, when called
 */
export function bindCast(from: DataType, to: DataType, mode: CastMode, timeZone: string): Unary {
  const cast = castOf({ from, to, mode, timeZone });
  return (value) => (value === null ? null : cast(value));
}

/** Casts of the values inside of variants. */
export function tryCastOf(timeZone: string): TryCast {
  return (from, to) => (canCast(from, to, "ansi") ? bindCast(from, to, "try", timeZone) : undefined);
}

interface CastCall {
  readonly from: DataType;
  readonly to: DataType;
  readonly mode: CastMode;
  readonly timeZone: string;
}

function castOf(call: CastCall): Unary {
  const { from, to, mode, timeZone } = call;
  if (from.kind === "null") return () => null;
  if (sameTypeIgnoringNullability(from, to)) return (value) => value;
  if (from.kind === "variant") {
    const read = variantReaderOf(to, mode === "try", timeZone, tryCastOf(timeZone));
    return (v) => read(asVariant(v), 0);
  }
  switch (to.kind) {
    case "variant":
      return toVariant(from);
    case "time":
      return toTime(call, to.precision);
    case "string":
      return textOf(from, timeZone);
    case "binary":
      return from.kind === "string" ? (v) => encodeUtf8(v as string) : bigEndian(from);
    case "boolean":
      return toBoolean(call);
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
      return toIntegral(call);
    case "float":
    case "double":
      return toFloating(call);
    case "decimal":
      return toDecimalType(call, to);
    case "date":
      return toDate(call);
    case "timestamp":
    case "timestamp_ntz":
      return toTimestamp(call);
    case "interval_day_time":
    case "interval_year_month":
      return toInterval(call);
    case "array": {
      const element = bindCast((from as typeof to).element, to.element, mode, timeZone);
      return (v) => (v as readonly SqlValue[]).map(element);
    }
    case "map": {
      const key = bindCast((from as typeof to).key, to.key, mode, timeZone);
      const value = bindCast((from as typeof to).value, to.value, mode, timeZone);
      return (v) => ({ keys: (v as SqlMap).keys.map(key), values: (v as SqlMap).values.map(value) });
    }
    case "struct": {
      const fields = to.fields.map((f, i) => bindCast((from as typeof to).fields[i]!.type, f.type, mode, timeZone));
      return (v) => fields.map((cast, i) => cast((v as readonly SqlValue[])[i]!));
    }
    default:
      throw new MillraceError("INTERNAL_ERROR", { message: `no cast from ${from.kind} to ${to.kind}` });
  }
}

/** How a value stands in the message of a failed cast: as a SQL literal. */
function literalText(value: SqlValue, type: DataType): string {
  const text = textOf(type, "UTC")(value);
  switch (type.kind) {
    case "string":
      return `'${text.replaceAll("'", "\\'")}'`;
    case "tinyint":
      return `${text}Y`;
    case "smallint":
      return `${text}S`;
    case "bigint":
      return `${text}L`;
    case "double":
      return `${text}D`;
    case "decimal":
      return `${text}BD`;
    case "timestamp":
      return `TIMESTAMP '${text}'`;
    case "time":
      return `TIME '${text}'`;
    default:
      return text;
  }
}

/** Malformed text: an error in ANSI mode, else NULL. */
function malformed({ from, to, mode }: CastCall): (value: SqlValue) => null {
  if (mode !== "ansi") return () => null;
  return (value) => {
    throw new MillraceError("CAST_INVALID_INPUT", {
      expression: literalText(value, from),
      sourceType: quotedType(from),
      targetType: quotedType(to),
    });
  };
}
/** A value outside the range: an error in ANSI mode, else NULL. */
function outOfRange({ from, to, mode }: CastCall): (value: SqlValue) => null {
  if (mode !== "ansi") return () => null;
  return (value) => {
    throw new MillraceError("CAST_OVERFLOW", {
      value: literalText(value, from),
      sourceType: quotedType(from),
      targetType: quotedType(to),
    });
  };
}

function bigEndian(from: DataType): Unary {
  const width = from.kind === "tinyint" ? 1 : from.kind === "smallint" ? 2 : from.kind === "int" ? 4 : 8;
  return (value) => {
    let rest = BigInt(value as number | bigint);
    const bytes = new Uint8Array(width);
    for (let i = width - 1; i >= 0; i--) {
      bytes[i] = Number(rest & 255n);
      rest >>= 8n;
    }
    return bytes;
  };
}

function toBoolean(call: CastCall): Unary {
  if (call.from.kind === "string") {
    const fail = malformed(call);
    return (v) => parseBoolean(v as string) ?? fail(v);
  }
  // BigInt 0n and number 0 are both false; NaN is true, as in Spark.
  return (v) => v !== 0 && v !== 0n;
}

const integralBits = { tinyint: 8, smallint: 16, int: 32, bigint: 64 } as const;
type IntegralKind = keyof typeof integralBits;

/** Wraps to the width of an integer type and gives its JavaScript form. */
function wrapped(value: bigint, kind: IntegralKind): number | bigint {
  const narrow = BigInt.asIntN(integralBits[kind], value);
  return kind === "bigint" ? narrow : Number(narrow);
}

function toIntegral(call: CastCall): Unary {
  const { from, mode } = call;
  const kind = call.to.kind as IntegralKind;
  const bits = integralBits[kind];
  const overflow = outOfRange(call);
  const exact = (whole: bigint, value: SqlValue): SqlValue =>
    BigInt.asIntN(bits, whole) === whole || mode === "legacy" ? wrapped(whole, kind) : overflow(value);
  switch (from.kind) {
    case "boolean":
      return (v) => (kind === "bigint" ? (v === true ? 1n : 0n) : v === true ? 1 : 0);
    case "string": {
      const fail = malformed(call);
      return (v) => {
        const whole = parseInteger(v as string, mode === "legacy");
        return whole === undefined || BigInt.asIntN(bits, whole) !== whole ? fail(v) : wrapped(whole, kind);
      };
    }
    case "interval_day_time":
    case "interval_year_month": {
      const unit = unitOf(from);
      return (v) => exact(BigInt(v as number | bigint) / unit, v);
    }
    case "tinyint":
    case "smallint":
    case "int":
      return (v) => exact(BigInt(v as number), v);
    case "bigint":
      return (v) => exact(v as bigint, v);
    case "timestamp":
    case "time": {
      // Seconds that do not fit are NULL without ANSI mode: they do not wrap around.
      const seconds = (v: SqlValue): bigint =>
        from.kind === "time" ? (v as bigint) / nanosPerSecond : floorDiv(v as bigint, microsPerSecond);
      return (v) => (BigInt.asIntN(bits, seconds(v)) === seconds(v) ? wrapped(seconds(v), kind) : overflow(v));
    }
    case "decimal": {
      const unit = powerOfTen(from.scale);
      return (v) => exact((v as bigint) / unit, v);
    }
    case "float":
    case "double": {
      const high = 2 ** (bits - 1);
      // Java narrows to INT first for the small types, to BIGINT for BIGINT, and holds at the ends of the range.
      const javaBits = kind === "bigint" ? 64 : 32;
      return (v) => {
        const number = v as number;
        const cut = Math.trunc(number);
        if (cut >= -high && cut < high) return kind === "bigint" ? BigInt(cut) : cut + 0;
        if (mode !== "legacy") return overflow(v);
        if (Number.isNaN(number)) return kind === "bigint" ? 0n : 0;
        const limit = 1n << BigInt(javaBits - 1);
        const held = cut >= 2 ** (javaBits - 1) ? limit - 1n : cut < -(2 ** (javaBits - 1)) ? -limit : BigInt(cut);
        return wrapped(held, kind);
      };
    }
    default:
      return () => null;
  }
}

function toFloating(call: CastCall): Unary {
  const { from } = call;
  const round: (n: number) => number = call.to.kind === "float" ? Math.fround : (n) => n;
  switch (from.kind) {
    case "boolean":
      return (v) => (v === true ? 1 : 0);
    case "string": {
      const fail = malformed(call);
      return (v) => {
        const number = parseDouble(v as string);
        return number === undefined ? fail(v) : round(number);
      };
    }
    case "decimal":
      return (v) => round(decimalToNumber(v as bigint, from.scale));
    case "timestamp":
      return (v) => round(Number(v as bigint) / 1e6);
    case "date":
      return () => null;
    default:
      return (v) => round(Number(v as number | bigint));
  }
}

function toDecimalType(call: CastCall, to: DecimalType): Unary {
  const { from, mode } = call;
  const bounded = (unscaled: bigint, text: () => string): bigint | null => {
    if (fitsPrecision(unscaled, to.precision)) return unscaled;
    if (mode !== "ansi") return null;
    throw new MillraceError("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", {
      value: text(),
      precision: String(to.precision),
      scale: String(to.scale),
      config: '"spark.sql.ansi.enabled"',
    });
  };
  const print = textOf(from, call.timeZone);
  switch (from.kind) {
    case "boolean":
      return (v) => bounded(v === true ? powerOfTen(to.scale) : 0n, () => (v === true ? "1" : "0"));
    case "string": {
      const fail = malformed(call);
      return (v) => {
        const text = trimAll(v as string);
        const unscaled = parseDecimal(text, to.scale);
        if (unscaled !== undefined && mode === "ansi" && !fitsPrecision(unscaled / powerOfTen(to.scale), 38))
          throw new MillraceError("NUMERIC_OUT_OF_SUPPORTED_RANGE", { value: text });
        return unscaled === undefined ? fail(v) : bounded(unscaled, () => text);
      };
    }
    case "decimal":
      return (v) => bounded(rescale(v as bigint, from.scale, to.scale), () => decimalText(v as bigint, from.scale));
    case "float":
    case "double":
      return (v) => {
        // A number without end is no decimal, in ANSI mode too.
        if (!Number.isFinite(v as number)) return null;
        const unscaled = decimalFromNumber(Number(print(v)), to.scale);
        if (unscaled !== undefined) return bounded(unscaled, () => print(v));
        return mode === "ansi" ? outOfRange(call)(v) : null;
      };
    case "timestamp":
      return (v) => bounded(rescale(v as bigint, 6, to.scale), () => decimalText(v as bigint, 6));
    case "time":
      return (v) => bounded(rescale(v as bigint, 9, to.scale), () => decimalText(v as bigint, 9));
    case "date":
      return () => null;
    default:
      return (v) => bounded(BigInt(v as number | bigint) * powerOfTen(to.scale), () => String(v));
  }
}

function toDate(call: CastCall): Unary {
  if (call.from.kind === "string") {
    const fail = malformed(call);
    return (v) => parseDate(v as string) ?? fail(v);
  }
  if (call.from.kind === "timestamp_ntz") return (v) => Number(floorDiv(v as bigint, microsPerDay));
  const zone = timeZoneOf(call.timeZone);
  return (v) => Number(floorDiv(toLocal(zone, v as bigint), microsPerDay));
}

function toTime(call: CastCall, precision: number): Unary {
  const { from } = call;
  if (from.kind === "string") {
    const fail = malformed(call);
    return (v) => parseTimeText(v as string, precision)?.nanos ?? fail(v);
  }
  if (from.kind === "time") return (v) => cutToPrecision(v as bigint, precision);
  const zone = timeZoneOf(from.kind === "timestamp" ? call.timeZone : "UTC");
  return (v) => cutToPrecision(floorMod(toLocal(zone, v as bigint), microsPerDay) * 1000n, precision);
}

function toTimestamp(call: CastCall): Unary {
  const { from } = call;
  const zone = timeZoneOf(call.timeZone);
  const ntz = call.to.kind === "timestamp_ntz";
  const fail = malformed(call);
  const beyond = outOfRange(call);
  switch (from.kind) {
    case "string":
      return ntz
        ? (v) => parseTimestampNtz(v as string) ?? fail(v)
        : (v) => parseTimestamp(v as string, zone) ?? fail(v);
    case "date":
      return ntz ? (v) => localMicrosOf(v as number, 0) : (v) => fromLocal(zone, localMicrosOf(v as number, 0));
    case "timestamp":
      return (v) => toLocal(zone, v as bigint);
    case "timestamp_ntz":
      return (v) => fromLocal(zone, v as bigint);
    case "boolean":
      return (v) => (v === true ? 1n : 0n);
    case "decimal":
      return (v) => heldInRange(rescaleDown(v as bigint, from.scale));
    case "float":
    case "double":
      return (v) => {
        const micros = (v as number) * 1e6;
        if (!Number.isFinite(micros)) return call.mode === "ansi" ? fail(v) : null;
        const whole = BigInt(Math.trunc(micros));
        return call.mode === "ansi" && BigInt.asIntN(64, whole) !== whole ? beyond(v) : heldInRange(whole);
      };
    default:
      return (v) => heldInRange(BigInt(v as number | bigint) * microsPerSecond);
  }
}
/** Whole seconds beyond the range of timestamps hold at its ends in every mode, as in Spark; doubles without ANSI mode. */
function heldInRange(micros: bigint): bigint {
  const narrow = BigInt.asIntN(64, micros);
  return narrow === micros ? micros : micros < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
}
/** Seconds of a decimal as microseconds, digits beyond them cut. */
function rescaleDown(unscaled: bigint, scale: number): bigint {
  return scale <= 6 ? unscaled * powerOfTen(6 - scale) : unscaled / powerOfTen(scale - 6);
}

const intervalLiteral =
  /^interval\s+'([^']*)'\s+(day|hour|minute|second|year|month)(?:\s+to\s+(?:second|month|minute|hour))?$/i;

function toInterval(call: CastCall): Unary {
  const { from, to } = call;
  if (isInterval(from)) {
    // Fields smaller than those of the target are cut.
    const unit = to.kind === "interval_day_time" && to.endField < 3 ? unitOf(to) : 1n;
    if (to.kind === "interval_day_time") return unit === 1n ? (v) => v : (v) => (v as bigint) - ((v as bigint) % unit);
    return to.kind === "interval_year_month" && to.endField === 0
      ? (v) => (v as number) - ((v as number) % 12)
      : (v) => v;
  }
  if (isIntegral(from)) {
    const unit = unitOf(to);
    const overflow = outOfRange(call);
    return to.kind === "interval_day_time"
      ? (v) => {
          const micros = BigInt(v as number | bigint) * unit;
          return BigInt.asIntN(64, micros) === micros ? micros : overflow(v);
        }
      : (v) => {
          const months = BigInt(v as number | bigint) * unit;
          return BigInt.asIntN(32, months) === months ? Number(months) : overflow(v);
        };
  }
  // Malformed text is an error without ANSI mode too.
  const fail = (v: SqlValue): null => {
    if (call.mode === "try") return null;
    throw new MillraceError("INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE", {
      input: v as string,
      intervalStr: quotedType(to).slice(1, -1).toLowerCase(),
    });
  };
  const fields = to.kind === "interval_day_time" || to.kind === "interval_year_month" ? to : undefined;
  return (v) => {
    const text = trimAll(v as string);
    // A plain number counts the only field of the type; two numbers with a colon hours and minutes.
    const plain = fields?.startField === fields?.endField && /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
    if (plain !== undefined)
      return to.kind === "interval_day_time" ? BigInt(plain) * unitOf(to) : plain * Number(unitOf(to));
    const clock = /^([+-]?)(\d{1,9}):(\d{1,2})$/.exec(text);
    if (clock !== null && to.kind === "interval_day_time" && to.startField === 1 && to.endField === 2) {
      const minutes = BigInt(clock[2]!) * 60n + BigInt(clock[3]!);
      if (Number(clock[3]) < 60) return (clock[1] === "-" ? -minutes : minutes) * 60_000_000n;
    }
    const micros = to.kind === "interval_day_time" ? parseDayTime(text) : undefined;
    if (micros !== undefined) return micros;
    const months = to.kind === "interval_year_month" ? parseYearMonth(text) : undefined;
    return months ?? fail(v);
  };
}
/** `1 02:03:04.5`, `INTERVAL '…' DAY TO SECOND`, `10 seconds`. */
function parseDayTime(text: string): bigint | undefined {
  const inner = intervalLiteral.exec(text)?.[1] ?? text;
  const match = /^([+-]?)(\d+) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?$/.exec(inner);
  if (match !== null) {
    const seconds =
      BigInt(match[2]!) * 86400n + BigInt(Number(match[3]) * 3600 + Number(match[4]) * 60 + Number(match[5]));
    const micros = seconds * microsPerSecond + BigInt((match[6] ?? "").slice(0, 6).padEnd(6, "0"));
    return match[1] === "-" ? -micros : micros;
  }
  try {
    const interval = parseInterval(inner);
    return interval.months === 0 ? BigInt(interval.days) * microsPerDay + interval.micros : undefined;
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}
/** `1-2`, `INTERVAL '1-2' YEAR TO MONTH`, `3 months`. */
function parseYearMonth(text: string): number | undefined {
  const inner = intervalLiteral.exec(text)?.[1] ?? text;
  const match = /^([+-]?)(\d+)-(\d{1,2})$/.exec(inner);
  if (match !== null) {
    if (Number(match[3]) > 11)
      throw new MillraceError("INVALID_INTERVAL_FORMAT.INTERVAL_PARSING", { input: text, interval: "year-month" });
    return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 12 + Number(match[3]));
  }
  try {
    const interval = parseInterval(inner);
    return interval.days === 0 && interval.micros === 0n ? interval.months : undefined;
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}
