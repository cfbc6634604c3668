/**
 * From the values that users give (`createDataFrame`, memory sources, closures' results, literals) to engine values.
 * More forms are taken than are given back: numbers for DECIMAL, bigint for BIGINT, plain objects for MAP, Temporal
 * objects for times, arrays for STRUCT by position.
 */
import { MillraceError, unreachable } from "../errors/index.ts";
import type { DataType, MapType, SqlMap, SqlValue, StructType } from "../types/data-type.ts";
import { quoteIfNeeded } from "../types/identifier.ts";
import { sqlName } from "../types/type-names.ts";
import { equalValues } from "./compare.ts";
import { parseDecimal } from "./decimal-values.ts";
import { parseDate, parseDuration, parseTime, parseTimestamp } from "./iso-time.ts";
import { temporalNamespace } from "./temporal.ts";
import { variantOfExternal } from "./variant-external.ts";

export interface InputOptions {
  /** The zone of timestamp strings without an offset; UTC by default. */
  readonly timeZone?: string;
}

/** Converts a user's value; undefined is NULL. */
export type ExternalWriter = (external: unknown) => SqlValue;

/**
 * The engine value of a user's value; undefined and null are NULL.
 * @param path how errors name the place
 * @throws MillraceError INVALID_EXTERNAL_VALUE, NOT_NULL_ASSERT_VIOLATION (inside nested values), DUPLICATED_MAP_KEY
 */
export function toSqlValue(type: DataType, external: unknown, path: string, options: InputOptions = {}): SqlValue {
  return externalWriter(type, true, path, options)(external);
}

/** {@link toSqlValue} prepared for many values of one type; `nullable: false` refuses NULL. */
export function externalWriter(
  type: DataType,
  nullable: boolean,
  path: string,
  options: InputOptions = {},
): ExternalWriter {
  const convert = presentWriter(type, path, options);
  return (external) => {
    if (external !== null && external !== undefined) return convert(external);
    if (!nullable && type.kind !== "null") throw new MillraceError("NOT_NULL_ASSERT_VIOLATION", { path });
    return null;
  };
}

/** Converts rows (objects by column name, or arrays by position) into values in the order of the schema. */
export function rowWriter(schema: StructType, options: InputOptions = {}): (row: unknown) => readonly SqlValue[] {
  return structWriter(schema, "", options);
}

function presentWriter(type: DataType, path: string, options: InputOptions): (external: {}) => SqlValue {
  const refuse = (external: unknown, expected: string): never => invalid(type, path, external, expected);
  switch (type.kind) {
    case "null":
      return (external) => refuse(external, "null");
    case "boolean":
      return (external) => (typeof external === "boolean" ? external : refuse(external, "a boolean"));
    case "tinyint":
      return integerWriter(128, refuse);
    case "smallint":
      return integerWriter(32_768, refuse);
    case "int":
      return integerWriter(2_147_483_648, refuse);
    case "bigint":
      return (external) => {
        if (typeof external === "number" && Number.isSafeInteger(external)) return BigInt(external);
        if (typeof external === "bigint" && BigInt.asIntN(64, external) === external) return external;
        return refuse(external, "a whole number within ±(2^53 − 1), or a bigint within 64 bits");
      };
    case "float":
    case "double":
      return (external) => {
        const value = typeof external === "bigint" ? Number(external) : external;
        if (typeof value !== "number") return refuse(external, "a number");
        return type.kind === "float" ? Math.fround(value) : value;
      };
    case "decimal":
      return (external) => {
        const text = typeof external === "number" || typeof external === "bigint" ? String(external) : external;
        const value = typeof text === "string" ? parseDecimal(text, type.precision, type.scale) : undefined;
        return (
          value ??
          refuse(
            external,
            `a string, number or bigint of at most ${type.precision - type.scale} digits before the point`,
          )
        );
      };
    case "string":
      return (external) => (typeof external === "string" ? external : refuse(external, "a string"));
    case "binary":
      return (external) => {
        if (external instanceof Uint8Array) return external;
        return external instanceof ArrayBuffer ? new Uint8Array(external) : refuse(external, "a Uint8Array");
      };
    case "date":
      return (external) => {
        if (external instanceof Date && !Number.isNaN(external.getTime())) {
          return Math.floor(external.getTime() / 86_400_000);
        }
        return (
          within32(parseDate(isoText(external))) ??
          refuse(external, 'a date such as "2024-02-29", or a Date (its day in UTC)')
        );
      };
    case "timestamp":
      return (external) => {
        if (external instanceof Date && !Number.isNaN(external.getTime())) return BigInt(external.getTime()) * 1000n;
        const micros = instantOf(isoText(external), options.timeZone ?? "UTC");
        return within64(micros) ?? refuse(external, 'a Date, or a time such as "2024-02-29T12:30:00Z"');
      };
    case "timestamp_ntz":
      return (external) => {
        const parsed = parseTimestamp(isoText(external));
        const micros = parsed?.offsetMicros === undefined ? parsed?.localMicros : undefined;
        return within64(micros) ?? refuse(external, 'a time without zone such as "2024-02-29T12:30:00"');
      };
    case "time":
      return (external) =>
        parseTime(isoText(external), type.precision) ?? refuse(external, 'a time of day such as "12:30:00.5"');
    case "variant":
      return (external) =>
        variantOfExternal(external) ?? refuse(external, "a value that JSON can hold, a bigint, a Date or a Uint8Array");
    case "interval_year_month":
      return (external) => {
        const duration = parseDuration(isoText(external));
        const months = duration?.micros === 0n ? Number(duration.months) : undefined;
        return within32(months) ?? refuse(external, 'a duration of years and months such as "P1Y2M"');
      };
    case "interval_day_time":
      return (external) => {
        const duration = parseDuration(isoText(external));
        const micros = duration?.months === 0n ? duration.micros : undefined;
        return within64(micros) ?? refuse(external, 'a duration of days and smaller such as "P1DT2H3.5S"');
      };
    case "array": {
      const element = externalWriter(type.element, type.containsNull, `${path}.element`, options);
      return (external) => {
        if (Array.isArray(external)) return external.map(element);
        const iterable = typeof external === "object" && Symbol.iterator in external && !(external instanceof Map);
        return iterable ? Array.from(external as Iterable<unknown>, element) : refuse(external, "an array");
      };
    }
    case "map":
      return mapWriter(type, path, options);
    case "struct":
      return structWriter(type, path, options);
    default:
      return unreachable(type);
  }
}

function integerWriter(
  limit: number,
  refuse: (external: unknown, expected: string) => never,
): (external: {}) => SqlValue {
  return (external) => {
    const value = typeof external === "bigint" ? Number(external) : external;
    if (typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit) return value + 0;
    return refuse(external, `a whole number from ${-limit} to ${limit - 1}`);
  };
}

/** The text of a string or a Temporal object; "" for anything else. */
function isoText(external: unknown): string {
  if (typeof external === "string") return external;
  if (typeof external !== "object" || external === null) return "";
  const tag: unknown = (external as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === "string" && tag.startsWith("Temporal.") ? String(external) : "";
}

function within32(value: number | undefined): number | undefined {
  return value !== undefined && Math.trunc(value) === value && value === (value | 0) ? value : undefined;
}

function within64(value: bigint | undefined): bigint | undefined {
  return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
}

function instantOf(text: string, timeZone: string): bigint | undefined {
  const parsed = parseTimestamp(text);
  if (parsed === undefined) return undefined;
  if (parsed.offsetMicros !== undefined) return parsed.localMicros - parsed.offsetMicros;
  if (timeZone === "UTC" || timeZone === "Z") return parsed.localMicros;
  const local = temporalNamespace()
    .Instant.fromEpochNanoseconds(parsed.localMicros * 1000n)
    .toZonedDateTimeISO("UTC");
  // In a gap the later time, in an overlap the earlier one, as java.time and Spark resolve them.
  const zoned = local.toPlainDateTime().toZonedDateTime(timeZone, { disambiguation: "compatible" });
  return zoned.epochNanoseconds / 1000n;
}

function mapWriter(type: MapType, path: string, options: InputOptions): (external: {}) => SqlMap {
  const toKey = externalWriter(type.key, false, `${path}.key`, options);
  const toValue = externalWriter(type.value, type.valueContainsNull, `${path}.value`, options);
  // The property names of a plain object are strings; a numeric key type takes those that are numbers.
  const ofName = namedKey(type.key);
  return (external) => {
    const entries: Iterable<readonly [unknown, unknown]> | undefined =
      external instanceof Map
        ? external
        : isRecord(external)
          ? Object.entries(external).map(([name, value]) => [ofName(name), value] as const)
          : undefined;
    if (entries === undefined) return invalid(type, path, external, "a Map or a plain object");
    const keys: SqlValue[] = [];
    const values: SqlValue[] = [];
    for (const [key, value] of entries) {
      keys.push(toKey(key));
      values.push(toValue(value));
    }
    checkDistinct(type.key, keys, path);
    return { keys, values };
  };
}

function namedKey(type: DataType): (name: string) => unknown {
  switch (type.kind) {
    case "tinyint":
    case "smallint":
    case "int":
    case "float":
    case "double":
      return (name) => (name.trim() === "" ? name : Number(name));
    case "bigint":
      return (name) => (/^-?\d+$/.test(name) ? BigInt(name) : name);
    case "boolean":
      return (name) => (name === "true" ? true : name === "false" ? false : name);
    default:
      return (name) => name;
  }
}

function checkDistinct(type: DataType, keys: readonly SqlValue[], path: string): void {
  const primitive = keys.every((key) => typeof key !== "object");
  if (primitive && new Set(keys).size === keys.length) return;
  for (let i = 1; i < keys.length; i++) {
    for (let k = 0; k < i; k++) {
      if (equalValues(type, keys[i]!, keys[k]!)) {
        throw new MillraceError("DUPLICATED_MAP_KEY", { key: `${shown(keys[i])} (${path})` });
      }
    }
  }
}

function structWriter(
  type: StructType,
  path: string,
  options: InputOptions,
): (external: unknown) => readonly SqlValue[] {
  const prefix = path === "" ? "" : `${path}.`;
  const names = type.fields.map((f) => f.name);
  const writers = type.fields.map((f) =>
    externalWriter(f.type, f.nullable, `${prefix}${quoteIfNeeded(f.name)}`, options),
  );
  return (external) => {
    if (Array.isArray(external)) {
      if (external.length !== names.length) {
        return invalid(type, path, external, `an array of ${names.length} values, or an object`);
      }
      return writers.map((write, k) => write(external[k]));
    }
    if (!isRecord(external)) return invalid(type, path, external, "an object with the fields as properties");
    return writers.map((write, k) => write(propertyOf(external, names[k]!)));
  };
}

/** A property that is the object's own or a getter of its class, never one that every object inherits. */
function propertyOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) || !(name in Object.prototype) ? object[name] : undefined;
}

function isRecord(external: unknown): external is Readonly<Record<string, unknown>> {
  return (
    typeof external === "object" &&
    external !== null &&
    !Array.isArray(external) &&
    !(external instanceof Date) &&
    !(external instanceof Map) &&
    // What an async function returns: its fields would all be NULL.
    !(external instanceof Promise) &&
    !ArrayBuffer.isView(external)
  );
}

function invalid(type: DataType, path: string, external: unknown, expected: string): never {
  throw new MillraceError("INVALID_EXTERNAL_VALUE", {
    value: shown(external),
    path: path === "" ? "the row" : path,
    type: sqlName(type),
    expected,
  });
}

/** A value in an error message, cut to 80 characters. */
function shown(value: unknown): string {
  let text: string;
  try {
    if (typeof value === "bigint") text = `${value}n`;
    else if (typeof value === "object" || typeof value === "string") text = JSON.stringify(value) ?? typeof value;
    else text = String(value);
  } catch {
    text = typeof value;
  }
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
