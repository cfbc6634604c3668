/** Literals as text: as they stand in automatic column names, and as SQL that reads back as the same literal. */
import { unreachable } from "../errors/index.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import { sqlName } from "../types/type-names.ts";
import type { Literal } from "./expression.ts";

/** What stands in texts for a value that they must not show, as in Spark. */
const redacted = "*********(redacted)";

/**
 * Spark's pretty form: strings bare, numbers without suffix.
 * @param toLocalMicros from µs since the epoch to µs on the clock of the session's zone
 */
export function literalName(literal: Literal, toLocalMicros: (micros: bigint) => bigint): string {
  const { value, type } = literal;
  if (literal.redacted === true) return redacted;
  if (value === null) return "NULL";
  if (type.kind === "string") return value as string;
  if (type.kind === "double" || type.kind === "float") return floatingText(value as number, type.kind);
  return valueSql(value, type, toLocalMicros, false);
}

/** SQL text of the literal. Arrays, maps and structs become calls of their constructors. */
export function literalSql(literal: Literal, toLocalMicros: (micros: bigint) => bigint): string {
  return literal.redacted === true ? redacted : valueSql(literal.value, literal.type, toLocalMicros, true);
}

function valueSql(value: SqlValue, type: DataType, toLocalMicros: (micros: bigint) => bigint, exact: boolean): string {
  if (value === null) return type.kind === "null" || !exact ? "NULL" : `CAST(NULL AS ${sqlName(type)})`;
  switch (type.kind) {
    case "null":
      return "NULL";
    case "boolean":
      return value === true ? "true" : "false";
    case "tinyint":
      return `${value as number}${exact ? "Y" : ""}`;
    case "smallint":
      return `${value as number}${exact ? "S" : ""}`;
    case "int":
      return String(value as number);
    case "bigint":
      return `${value as bigint}${exact ? "L" : ""}`;
    case "float":
    case "double":
      return floatingSql(value as number, type.kind, exact);
    case "decimal": {
      const text = decimalText(value as bigint, type.scale, !exact);
      return exact ? `${text}BD` : text;
    }
    case "string":
      return exact ? quotedString(value as string) : (value as string);
    case "binary":
      return `X'${hexadecimal(value as Uint8Array)}'`;
    case "date":
      return `DATE '${dateText(value as number)}'`;
    case "timestamp":
      return `TIMESTAMP '${timestampText(exact ? (value as bigint) : toLocalMicros(value as bigint))}${exact ? "Z" : ""}'`;
    case "timestamp_ntz":
      return `TIMESTAMP_NTZ '${timestampText(value as bigint)}'`;
    case "time":
      return `TIME '${timeText(value as bigint)}'`;
    case "variant": {
      const [bytes, metadata] = value as readonly [Uint8Array, Uint8Array];
      return `VARIANT(X'${hexadecimal(bytes)}', X'${hexadecimal(metadata)}')`;
    }
    case "interval_year_month":
      return yearMonthText(value as number, type.startField, type.endField);
    case "interval_day_time":
      return dayTimeText(value as bigint, type.startField, type.endField);
    case "array":
      return `ARRAY(${(value as readonly SqlValue[]).map((v) => valueSql(v, type.element, toLocalMicros, exact)).join(", ")})`;
    case "map": {
      const { keys, values } = value as { readonly keys: readonly SqlValue[]; readonly values: readonly SqlValue[] };
      const entry = (key: SqlValue, i: number): string =>
        `${valueSql(key, type.key, toLocalMicros, exact)}, ${valueSql(values[i]!, type.value, toLocalMicros, exact)}`;
      return `MAP(${keys.map(entry).join(", ")})`;
    }
    case "struct": {
      const fields = (value as readonly SqlValue[]).map((v, i) => {
        const { name, type: fieldType } = type.fields[i]!;
        return `${exact ? quotedString(name) : name}, ${valueSql(v, fieldType, toLocalMicros, exact)}`;
      });
      return `NAMED_STRUCT(${fields.join(", ")})`;
    }
    default:
      return unreachable(type);
  }
}

/** The string in quotes, with escapes for whatever could end it or cannot be seen. */
export function quotedString(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is escaped here
  const escaped = text.replaceAll(/['\\\u0000-\u001f\ud800-\udfff]/g, (c) => {
    if (c === "'" || c === "\\") return `\\${c}`;
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `'${escaped}'`;
}

function hexadecimal(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).toUpperCase().padStart(2, "0");
  return text;
}

/** Java's BigDecimal.toString; plain digits when `scientific` is false. */
function decimalText(unscaled: bigint, scale: number, scientific: boolean): string {
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  if (scale === 0) return sign + digits;
  const exponent = digits.length - 1 - scale;
  if (scientific && exponent < -6) {
    return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ""}E${exponent}`;
  }
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** Java's Double.toString and Float.toString: `1.0`, `1.0E10`, `1.5E-5`. */
function floatingText(value: number, kind: "float" | "double"): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa, exponentText] = (kind === "double" ? value.toExponential() : shortestFloat(value)).split("e");
  const exponent = Number(exponentText);
  const sign = value < 0 ? "-" : "";
  const digits = mantissa!.replace("-", "").replace(".", "");
  if (exponent < -3 || exponent >= 7) return `${sign}${digits[0]}.${digits.slice(1) || "0"}E${exponent}`;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 2, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`;
}

/** The fewest digits that read back as the same float. */
function shortestFloat(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(9);
}

function floatingSql(value: number, kind: "float" | "double", exact: boolean): string {
  const text = floatingText(value, kind);
  if (!exact) return text;
  if (!Number.isFinite(value) || Object.is(value, -0)) return `CAST('${text}' AS ${kind.toUpperCase()})`;
  return `${text}${kind === "float" ? "F" : "D"}`;
}

const two = (value: number): string => String(value).padStart(2, "0");

function dateText(days: number): string {
  // Hinnant, "chrono-compatible low-level date algorithms": years start in March.
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const sign = year < 0 ? "-" : year > 9999 ? "+" : "";
  return `${sign}${String(Math.abs(year)).padStart(4, "0")}-${two(month)}-${two(dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1)}`;
}

const day = 86_400_000_000n;

function timestampText(localMicros: bigint): string {
  const rest = ((localMicros % day) + day) % day;
  const days = (localMicros - rest) / day;
  const seconds = Number(rest / 1_000_000n);
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${dateText(Number(days))} ${time}${fractionText(rest % 1_000_000n)}`;
}

/** `.5` for 500,000 µs; nothing for none. */
function fractionText(micros: bigint): string {
  return micros === 0n ? "" : `.${micros.toString().padStart(6, "0").replace(/0+$/, "")}`;
}

/** `12:34:56.5` of nanoseconds since midnight. */
function timeText(nanos: bigint): string {
  const seconds = Number(nanos / 1_000_000_000n);
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === "" ? clock : `${clock}.${fraction}`;
}

function yearMonthText(months: number, startField: 0 | 1, endField: 0 | 1): string {
  const sign = months < 0 ? "-" : "";
  const magnitude = Math.abs(months);
  if (endField === 0) return `INTERVAL '${sign}${Math.floor(magnitude / 12)}' YEAR`;
  if (startField === 1) return `INTERVAL '${sign}${magnitude}' MONTH`;
  return `INTERVAL '${sign}${Math.floor(magnitude / 12)}-${magnitude % 12}' YEAR TO MONTH`;
}

const fieldNames = ["DAY", "HOUR", "MINUTE", "SECOND"] as const;
const fieldMicros = [day, 3_600_000_000n, 60_000_000n, 1_000_000n] as const;

/** Spark's `toDayTimeIntervalString` in its ANSI style: days have as many digits as they need, the other fields at least two. */
function dayTimeText(micros: bigint, startField: 0 | 1 | 2 | 3, endField: 0 | 1 | 2 | 3): string {
  let rest = micros < 0n ? -micros : micros;
  let text = micros < 0n ? "-" : "";
  for (let field = startField; field <= endField; field++) {
    const count = rest / fieldMicros[field]!;
    rest -= count * fieldMicros[field]!;
    if (field > startField) text += field === 1 ? " " : ":";
    text += field === 0 ? String(count) : two(Number(count));
    if (field === 3) text += fractionText(rest);
  }
  const span =
    startField === endField ? fieldNames[startField] : `${fieldNames[startField]} TO ${fieldNames[endField]}`;
  return `INTERVAL '${text}' ${span}`;
}
