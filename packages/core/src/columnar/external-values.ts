/**
 * From columns to the values that users see (docs/types.md): `collect()`, `for await`, rows of closures. The way back is
 * in `external-input.ts`.
 */
import { MillraceError, unreachable } from "../errors/index.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import { quoteIfNeeded } from "../types/identifier.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { formatDecimal, readDecimal } from "./decimal-values.ts";
import { formatDate, formatLocalTimestamp, formatMicros, formatMonths, formatTime } from "./iso-time.ts";
import type { RecordBatch } from "./record-batch.ts";
import { temporalNamespace } from "./temporal.ts";
import { decodeUtf8 } from "./utf8.ts";
import { bitAt } from "./validity.ts";
import { valueReader } from "./value-at.ts";
import { externalVariant } from "./variant-external.ts";
import { asVariant } from "./variant-reader.ts";
import type {
  BytesVector,
  DecimalVector,
  Int32Vector,
  Int64Vector,
  ListVector,
  MapVector,
  StructVector,
  Vector,
} from "./vector.ts";

/** Reads value `i` of a column as users see it; null for a null. */
export type ExternalReader = (i: number) => unknown;

/** A row or struct value: an object without inherited members, one own property per field. */
export type ExternalRow = Readonly<Record<string, unknown>>;

/**
 * Prepares reading columns of a type; the result is specialised for one vector at a time.
 * @param columnPath how errors name the column
 * @throws when read: BIGINT_OUT_OF_SAFE_RANGE, TIMESTAMP_OUT_OF_DATE_RANGE
 */
export function externalReader(
  type: DataType,
  options: ValueOptions,
  columnPath: string,
): (vector: Vector) => ExternalReader {
  const present = presentReader(type, options, columnPath);
  return (vector) => {
    const read = present(vector);
    const bits = vector.validity;
    return bits === null ? read : (i) => (bitAt(bits, i) ? read(i) : null);
  };
}

function presentReader(type: DataType, options: ValueOptions, path: string): (vector: Vector) => ExternalReader {
  const temporal = options.timestamps === "temporal";
  switch (type.kind) {
    case "null":
      return () => () => null;
    case "boolean":
    case "tinyint":
    case "smallint":
    case "int":
    case "float":
    case "double":
      return plainReader;
    case "bigint":
      return options.bigint === true ? plainReader : (vector) => safeIntegerReader(vector as Int64Vector, path);
    case "decimal":
      return (vector) => {
        const values = (vector as DecimalVector).values;
        return (i) => formatDecimal(readDecimal(values, i), type.scale);
      };
    case "string":
      return (vector) => {
        const { bytes, starts, ends } = vector as BytesVector;
        return (i) => decodeUtf8(bytes, starts[i]!, ends[i]!);
      };
    case "binary":
      return (vector) => {
        const { bytes, starts, ends } = vector as BytesVector;
        return (i) => Uint8Array.prototype.slice.call(bytes, starts[i], ends[i]);
      };
    case "date":
      if (temporal)
        return mapped32((days) => ofTemporal(formatDate(days), (text) => temporalNamespace().PlainDate.from(text)));
      return mapped32(formatDate);
    case "timestamp":
      if (temporal)
        return mapped64((micros) =>
          ofTemporal(`${micros} µs`, () => temporalNamespace().Instant.fromEpochNanoseconds(micros * 1000n)),
        );
      return (vector) => dateReader(vector as Int64Vector, path);
    case "timestamp_ntz":
      if (temporal)
        return mapped64((micros) =>
          ofTemporal(formatLocalTimestamp(micros), (text) => temporalNamespace().PlainDateTime.from(text)),
        );
      return mapped64(formatLocalTimestamp);
    case "time":
      if (temporal) return mapped64((nanos) => temporalNamespace().PlainTime.from(formatTime(nanos)));
      return mapped64(formatTime);
    case "variant":
      return (vector) => {
        const read = valueReader(vector);
        return (i) => externalVariant(asVariant(read(i)));
      };
    case "interval_year_month":
      if (temporal) return mapped32((months) => temporalNamespace().Duration.from(formatMonths(months)));
      return mapped32(formatMonths);
    case "interval_day_time":
      if (temporal) return mapped64((micros) => temporalNamespace().Duration.from(formatMicros(micros)));
      return mapped64(formatMicros);
    case "array": {
      const element = externalReader(type.element, options, `${path}.element`);
      return (vector) => {
        const { offsets, child } = vector as ListVector;
        const read = element(child);
        return (i) => {
          const from = offsets[i]!;
          const to = offsets[i + 1]!;
          const result = new Array<unknown>(to - from);
          for (let k = from; k < to; k++) result[k - from] = read(k);
          return result;
        };
      };
    }
    case "map": {
      const key = externalReader(type.key, options, `${path}.key`);
      const value = externalReader(type.value, options, `${path}.value`);
      return (vector) => {
        const { offsets, keys, values } = vector as MapVector;
        const readKey = key(keys);
        const readValue = value(values);
        return (i) => {
          const result = new Map<unknown, unknown>();
          for (let k = offsets[i]!, to = offsets[i + 1]!; k < to; k++) result.set(readKey(k), readValue(k));
          return result;
        };
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => externalReader(f.type, options, `${path}.${quoteIfNeeded(f.name)}`));
      const names = type.fields.map((f) => f.name);
      return (vector) => {
        const { children } = vector as StructVector;
        return objectReader(
          names,
          fields.map((read, k) => read(children[k]!)),
        );
      };
    }
    default:
      return unreachable(type);
  }
}

function plainReader(vector: Vector): ExternalReader {
  if (vector.kind === "bool") {
    const bits = vector.values;
    return (i) => bitAt(bits, i);
  }
  const values = (vector as Int32Vector).values;
  return (i) => values[i];
}

/** Temporal wants six digits of years beyond 9999, and ends with the year 275,760. @throws DATETIME_OVERFLOW */
function ofTemporal<T>(text: string, make: (text: string) => T): T {
  try {
    return make(
      text.replace(/^([+-])(\d{4,5})-/, (_, sign: string, year: string) => `${sign}${year.padStart(6, "0")}-`),
    );
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MillraceError("DATETIME_OVERFLOW", { operation: `give ${text} as a Temporal value` }, { cause });
  }
}
function mapped32(convert: (value: number) => unknown): (vector: Vector) => ExternalReader {
  return (vector) => {
    const values = (vector as Int32Vector).values;
    return (i) => convert(values[i]!);
  };
}

function mapped64(convert: (value: bigint) => unknown): (vector: Vector) => ExternalReader {
  return (vector) => {
    const values = (vector as Int64Vector).values;
    return (i) => convert(values[i]!);
  };
}

/** The halves of 64-bit values: reading them as two numbers avoids a BigInt per row. */
export function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

function safeIntegerReader(vector: Int64Vector, path: string): ExternalReader {
  const values = vector.values;
  const halves = halvesOf(values);
  return (i) => {
    // Exact up to 2^53; beyond, rounding never comes back below it.
    const value = halves[2 * i + 1]! * 4_294_967_296 + (halves[2 * i]! >>> 0);
    if (!Number.isSafeInteger(value)) {
      throw new MillraceError("BIGINT_OUT_OF_SAFE_RANGE", { value: String(values[i]), column: path });
    }
    return value;
  };
}

const maximumDateMs = 8.64e15;

function dateReader(vector: Int64Vector, path: string): ExternalReader {
  const values = vector.values;
  const halves = halvesOf(values);
  return (i) => {
    const micros = halves[2 * i + 1]! * 4_294_967_296 + (halves[2 * i]! >>> 0);
    if (Number.isSafeInteger(micros)) return new Date(Math.floor(micros / 1000));
    const exact = values[i]!;
    const ms = Number((exact - (((exact % 1000n) + 1000n) % 1000n)) / 1000n);
    if (Math.abs(ms) > maximumDateMs) {
      throw new MillraceError("TIMESTAMP_OUT_OF_DATE_RANGE", { micros: String(exact), column: path });
    }
    return new Date(ms);
  };
}

/**
 * The prototype of rows. An object made by `Object.create(null)` is a slow dictionary in V8 (3 M rows/s instead of 10 M);
 * one whose prototype is an empty, frozen object without a prototype has a hidden class, and inherits as little:
 * `__proto__` and `constructor` are ordinary names. The one symbol lets `console.log` show a row as a plain object.
 */
export const rowPrototype: object = Object.freeze(
  Object.create(null, {
    [Symbol.for("nodejs.util.inspect.custom")]: {
      value(this: object, _depth: number, options: unknown, inspect: (value: unknown, options: unknown) => string) {
        return inspect(Object.fromEntries(Object.entries(this)), options);
      },
    },
  }) as object,
);
// A class cannot have a prototype of its own choice; a function can.
function Row(): void {}
Row.prototype = rowPrototype;
/** Makes an empty row. */
export const newRow: new () => Record<string, unknown> = Row as unknown as new () => Record<string, unknown>;

function objectReader(names: readonly string[], readers: readonly ExternalReader[]): (i: number) => ExternalRow {
  const count = names.length;
  return (i) => {
    const row = new newRow();
    for (let k = 0; k < count; k++) row[names[k]!] = readers[k]!(i);
    return row;
  };
}

/**
 * Reads row `i` of batches of a schema as an object; properties are in the order of the columns. Of two columns with one
 * name the later one is seen.
 */
export function rowReaderOf(
  schema: StructType,
  options: ValueOptions,
): (batch: RecordBatch) => (i: number) => ExternalRow {
  const names = schema.fields.map((f) => f.name);
  const columns = schema.fields.map((f) => externalReader(f.type, options, quoteIfNeeded(f.name)));
  return (batch) =>
    objectReader(
      names,
      columns.map((read, k) => read(batch.columns[k]!)),
    );
}

/** {@link rowReaderOf} for one batch. */
export function rowReader(batch: RecordBatch, options: ValueOptions): (i: number) => ExternalRow {
  return rowReaderOf(batch.schema, options)(batch);
}
