/**
 * Reads JSON values of any type, nested ones included, as SqlValues, by Spark's rules (JacksonParser): a string column
 * takes any value, with the JSON text of numbers, booleans, objects and arrays as it stands; numeric and boolean columns
 * take no strings, but for NaN and the infinities; decimals take both; integer columns take no fractions; timestamps are
 * strings or whole seconds; binary is Base64.
 *
 * A value that does not fit its type is NULL and leaves a reason in `failure`; the rest of the record is kept.
 */
import { decodeUtf8 } from "../../columnar/utf8.ts";
import { parseDecimal } from "../../columnar/decimal-values.ts";
import type { ArrayType, DataType, MapType, SqlValue, StructType } from "../../types/data-type.ts";
import { parseVariant, textVariant } from "../../functions/variant-json.ts";
import { readDouble, readLong } from "../files/numbers-in-bytes.ts";
import type { TextValues } from "../files/text-values.ts";
import { JsonCursor } from "./json-cursor.ts";
import { decodeJsonString } from "./json-text.ts";
import { KeyTable } from "./key-table.ts";
import {
  jsonAbsent,
  jsonArray,
  jsonEscapedString,
  jsonFalse,
  jsonFloat,
  jsonInteger,
  jsonNonFinite,
  jsonNull,
  jsonObject,
  jsonString,
  jsonTrue,
  type JsonKind,
  type JsonSyntax,
} from "./json-token.ts";

/** Reads the value `bytes[start, end)` of a kind; the record it is part of ends at `limit`. */
export type JsonValueReader = (
  bytes: Uint8Array,
  start: number,
  end: number,
  kind: JsonKind,
  limit: number,
) => SqlValue;

const integerRanges: Partial<Record<DataType["kind"], readonly [bigint, bigint]>> = {
  tinyint: [-128n, 127n],
  smallint: [-32768n, 32767n],
  int: [-2147483648n, 2147483647n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

const nonFinite: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["+Infinity", Infinity],
  ["INF", Infinity],
  ["+INF", Infinity],
  ["-Infinity", -Infinity],
  ["-INF", -Infinity],
]);

export class JsonValueReaders {
  /** Why the last value read (or a part of it) became NULL; the caller resets it. */
  failure: string | null = null;
  readonly #syntax: JsonSyntax;
  readonly #text: TextValues;

  constructor(syntax: JsonSyntax, text: TextValues) {
    this.#syntax = syntax;
    this.#text = text;
  }

  /** The reader of a type. Readers of nested types are not re-entrant. */
  reader(type: DataType): JsonValueReader {
    switch (type.kind) {
      case "null":
        return () => null;
      case "string":
        return readText;
      case "boolean":
        return (bytes, start, end, kind) =>
          kind === jsonTrue ? true : kind === jsonFalse ? false : this.#none(bytes, start, end, kind, type);
      case "tinyint":
      case "smallint":
      case "int":
      case "bigint":
        return this.#integer(type);
      case "float":
      case "double":
        return (bytes, start, end, kind) => {
          const value = this.#double(bytes, start, end, kind);
          if (value === undefined) return this.#none(bytes, start, end, kind, type);
          return type.kind === "float" ? Math.fround(value) : value;
        };
      case "decimal":
        return (bytes, start, end, kind) => {
          if (kind >= jsonString && kind <= jsonFloat) {
            const value = parseDecimal(decodeJsonString(bytes, start, end), type.precision, type.scale);
            if (value !== undefined) return value;
          }
          return this.#none(bytes, start, end, kind, type);
        };
      case "binary":
        return (bytes, start, end, kind) => {
          const value = isString(kind) ? decodeBase64(decodeJsonString(bytes, start, end)) : undefined;
          return value ?? this.#none(bytes, start, end, kind, type);
        };
      case "timestamp":
      case "timestamp_ntz":
      case "time":
      case "date":
      case "interval_day_time":
      case "interval_year_month":
        return this.#written(type);
      case "variant":
        return (bytes, start, end, kind) => {
          if (kind === jsonAbsent) return null;
          const variant = isString(kind)
            ? textVariant(decodeJsonString(bytes, start, end))
            : parseVariant(decodeUtf8(bytes, start, end));
          return (variant as readonly SqlValue[] | undefined) ?? this.#none(bytes, start, end, kind, type);
        };
      case "array":
      case "map":
      case "struct": {
        const cursor = new JsonCursor(this.#syntax);
        const read = this.#nested(type);
        const opening = type.kind === "array" ? jsonArray : jsonObject;
        return (bytes, start, end, kind, limit) => {
          if (kind !== opening) return this.#none(bytes, start, end, kind, type);
          cursor.open(bytes, start, limit);
          return read(cursor);
        };
      }
    }
  }

  /** NULL; a failure unless the value is absent or null. */
  #none(bytes: Uint8Array, start: number, end: number, kind: JsonKind, type: DataType): null {
    if (kind !== jsonAbsent && kind !== jsonNull) {
      const shown = decodeUtf8(bytes, start, Math.min(end, start + 100));
      this.failure ??= `the value ${isString(kind) ? JSON.stringify(shown) : shown} is not a ${type.kind}`;
    }
    return null;
  }

  #integer(type: DataType): JsonValueReader {
    const [least, most] = integerRanges[type.kind]!;
    const wide = type.kind === "bigint";
    return (bytes, start, end, kind) => {
      if (kind === jsonInteger) {
        const value = readLong(bytes, start, end);
        if (value !== undefined && value >= least && value <= most) return wide ? value : Number(value);
      }
      return this.#none(bytes, start, end, kind, type);
    };
  }

  #double(bytes: Uint8Array, start: number, end: number, kind: JsonKind): number | undefined {
    if (kind === jsonInteger || kind === jsonFloat) return readDouble(bytes, start, end);
    if (kind !== jsonNonFinite && (!isString(kind) || end - start > 9)) return undefined;
    return nonFinite.get(decodeJsonString(bytes, start, end));
  }

  #written(type: DataType): JsonValueReader {
    const parse = this.#text.reader(type);
    return (bytes, start, end, kind) => {
      if (isString(kind)) {
        const value = parse(decodeJsonString(bytes, start, end));
        if (value !== undefined) return value;
      } else if (kind === jsonInteger && type.kind === "timestamp") {
        const seconds = readLong(bytes, start, end);
        if (seconds !== undefined && BigInt.asIntN(64, seconds * 1_000_000n) === seconds * 1_000_000n) {
          return seconds * 1_000_000n;
        }
      }
      return this.#none(bytes, start, end, kind, type);
    };
  }

  /** Reads an array or object of the type at the cursor, which stands at its bracket. */
  #nested(type: ArrayType | MapType | StructType): (cursor: JsonCursor) => SqlValue {
    if (type.kind === "array") {
      const element = this.#element(type.element);
      return (cursor) => {
        const values: SqlValue[] = [];
        if (!cursor.enterArray()) return values;
        do values.push(element(cursor));
        while (cursor.nextElement());
        return values;
      };
    }
    if (type.kind === "map") {
      const element = this.#element(type.value);
      return (cursor) => {
        // A key that comes twice has its last value.
        const entries = new Map<string, SqlValue>();
        if (cursor.enterObject()) {
          do {
            cursor.key();
            const key = decodeJsonString(cursor.bytes, cursor.tokenStart, cursor.tokenEnd);
            entries.set(key, element(cursor));
          } while (cursor.nextField());
        }
        return { keys: [...entries.keys()], values: [...entries.values()] };
      };
    }
    const fields = type.fields.map((f) => this.#element(f.type));
    const names = new KeyTable(type.fields.map((f) => f.name));
    return (cursor) => {
      const values: SqlValue[] = fields.map(() => null);
      if (!cursor.enterObject()) return values;
      do {
        cursor.key();
        const field = names.findText(decodeJsonString(cursor.bytes, cursor.tokenStart, cursor.tokenEnd));
        if (field < 0) cursor.value();
        else values[field] = fields[field]!(cursor);
      } while (cursor.nextField());
      return values;
    };
  }

  #element(type: DataType): (cursor: JsonCursor) => SqlValue {
    if (type.kind === "array" || type.kind === "map" || type.kind === "struct") {
      const nested = this.#nested(type);
      const opening = type.kind === "array" ? 91 : 123;
      return (cursor) => {
        if (cursor.space() === opening) return nested(cursor);
        const kind = cursor.value();
        return this.#none(cursor.bytes, cursor.tokenStart, cursor.tokenEnd, kind, type);
      };
    }
    const read = this.reader(type);
    return (cursor) => {
      const kind = cursor.value();
      return read(cursor.bytes, cursor.tokenStart, cursor.tokenEnd, kind, cursor.tokenEnd);
    };
  }
}

function isString(kind: JsonKind): boolean {
  return kind === jsonString || kind === jsonEscapedString;
}

/** Any value as text: strings unescaped, everything else as it stands in the input. */
function readText(bytes: Uint8Array, start: number, end: number, kind: JsonKind): SqlValue {
  if (kind === jsonAbsent || kind === jsonNull) return null;
  return kind === jsonEscapedString ? decodeJsonString(bytes, start, end) : decodeUtf8(bytes, start, end);
}

function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    const binary = atob(text);
    return Uint8Array.from(binary, (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}
