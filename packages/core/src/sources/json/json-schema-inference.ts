/**
 * The schema of JSON records, as Spark infers it: whole numbers are BIGINT (beyond 64 bits DECIMAL, beyond 38 digits
 * DOUBLE), other numbers DOUBLE (DECIMAL with `prefersDecimal` where it fits), objects STRUCT with the fields in
 * alphabetical order, fields that conflict STRING, fields that are always null STRING. Malformed records add the column
 * of corrupt records in PERMISSIVE mode, are left out with DROPMALFORMED and an error with FAILFAST.
 */

import { compareStrings, decodeUtf8 } from "../../columnar/utf8.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  decimalType,
  doubleType,
  field,
  nullType,
  stringType,
  structType,
  type DataType,
  type DecimalType,
  type StructType,
} from "../../types/data-type.ts";
import type { SourceContext } from "../contract.ts";
import { failFast } from "../files/bad-records.ts";
import type { FileRange } from "../files/file-format.ts";
import { FileRead } from "../files/file-read.ts";
import { lookInto } from "../files/read-range.ts";
import { firstLineEnd } from "../files/line-chunks.ts";
import { readLong } from "../files/numbers-in-bytes.ts";
import { JsonCursor } from "./json-cursor.ts";
import type { JsonOptions } from "./json-options.ts";
import { decodeJsonString } from "./json-text.ts";
import {
  jsonAbsent,
  jsonEscapedString,
  jsonFalse,
  jsonFloat,
  jsonInteger,
  jsonNonFinite,
  jsonString,
  jsonTrue,
} from "./json-token.ts";

export async function inferJsonSchema(
  context: SourceContext,
  files: readonly FileRange[],
  options: JsonOptions,
): Promise<StructType> {
  const inference = new JsonInference(options);
  for (const range of files) {
    await lookInto(context, "json", range.path, () => inferFromFile(context, range, options, inference));
  }
  return inference.schema();
}

async function inferFromFile(
  context: SourceContext,
  range: FileRange,
  options: JsonOptions,
  inference: JsonInference,
): Promise<void> {
  const { path } = range;
  const file = new FileRead(context, range, context.signal, options.encoding);
  const separator = options.lineSeparator;
  try {
    if (options.multiLine) {
      const bytes = await file.whole(options.bad.maxRecordBytes);
      if (bytes !== null) inference.add(bytes, 0, bytes.length, { path, line: 1, offset: 0 });
      return;
    }
    for await (const chunk of file.chunks(separator, options.bad.maxRecordBytes)) {
      for (let p = chunk.start; p < chunk.end;) {
        const next = firstLineEnd(chunk.bytes, p, chunk.end, separator, true);
        file.lines++;
        const end = next < 0 ? chunk.end : next - (separator?.length ?? 0);
        inference.add(chunk.bytes, p, end, { path, line: file.lines, offset: chunk.offset + p - chunk.start });
        p = next < 0 ? chunk.end : next;
      }
    }
  } finally {
    await file.close();
  }
}

interface Place {
  readonly path: string;
  readonly line: number;
  readonly offset: number;
}

export class JsonInference {
  readonly #options: JsonOptions;
  readonly #cursor: JsonCursor;
  #type: DataType = nullType;
  #malformed = false;
  #records = 0;
  #sampled = 0;

  constructor(options: JsonOptions) {
    this.#options = options;
    this.#cursor = new JsonCursor(options.syntax);
  }

  /** Looks at one record (or an array of records). */
  add(bytes: Uint8Array, start: number, end: number, place: Place): void {
    // A sample that is the same every time: the records at which the count times the ratio passes a whole number.
    this.#records++;
    if (Math.floor(this.#records * this.#options.samplingRatio) === this.#sampled) return;
    this.#sampled++;
    const cursor = this.#cursor;
    cursor.open(bytes, start, end);
    const first = cursor.space();
    if (first === -1) return;
    let type = this.#infer(0);
    if (cursor.failure === null && type.kind === "array") type = type.element;
    if (cursor.failure === null && type.kind === "struct") {
      this.#type = this.#merge(this.#type, type);
      return;
    }
    if (cursor.failure === null && first === 91 && type.kind === "null") return;
    if (this.#options.bad.mode === "FAILFAST") {
      failFast({ ...place, reason: cursor.failure ?? "the record is not an object", bytes: bytes.slice(start, end) });
    }
    if (this.#options.bad.mode === "PERMISSIVE") this.#malformed = true;
  }

  schema(): StructType {
    const merged = this.#finish(this.#type);
    const schema = merged?.kind === "struct" ? merged : structType([]);
    const name = this.#options.bad.corruptColumn;
    if (!this.#malformed || schema.fields.some((f) => f.name === name)) return schema;
    return structType([...schema.fields, field(name, stringType)].sort((a, b) => compareStrings(a.name, b.name)));
  }

  /** What is left of a type without empty structs and types that are only null. */
  #finish(type: DataType): DataType | null {
    switch (type.kind) {
      case "null":
        return this.#options.dropFieldIfAllNull ? null : stringType;
      case "struct": {
        const fields = type.fields.flatMap((f) => {
          const finished = this.#finish(f.type);
          return finished === null ? [] : [field(f.name, finished)];
        });
        return fields.length === 0 ? null : structType(fields);
      }
      case "array": {
        const element = this.#finish(type.element);
        return element === null
          ? type.element.kind === "struct"
            ? arrayType(structType([]))
            : null
          : arrayType(element);
      }
      default:
        return type;
    }
  }

  #infer(depth: number): DataType {
    const cursor = this.#cursor;
    const c = cursor.space();
    if (depth < 512 && c === 123) return this.#inferObject(depth);
    if (depth < 512 && c === 91) {
      let element: DataType = nullType;
      if (cursor.enterArray()) {
        do element = this.#merge(element, this.#infer(depth + 1));
        while (cursor.failure === null && cursor.nextElement());
      }
      return arrayType(element);
    }
    const kind = cursor.value(depth);
    const asString = this.#options.primitivesAsString;
    switch (kind) {
      case jsonString:
      case jsonEscapedString:
        return stringType;
      case jsonInteger:
      case jsonFloat:
        return asString ? stringType : this.#number(kind === jsonFloat);
      case jsonNonFinite:
        return asString ? stringType : doubleType;
      case jsonTrue:
      case jsonFalse:
        return asString ? stringType : booleanType;
      default:
        return nullType;
    }
  }

  #inferObject(depth: number): DataType {
    const cursor = this.#cursor;
    const fields = new Map<string, DataType>();
    if (cursor.enterObject()) {
      do {
        if (cursor.key() === jsonAbsent) break;
        const name = decodeJsonString(cursor.bytes, cursor.tokenStart, cursor.tokenEnd);
        fields.set(name, this.#infer(depth + 1));
      } while (cursor.failure === null && cursor.nextField());
    }
    return sortedStruct(fields);
  }

  #number(fraction: boolean): DataType {
    const { bytes, tokenStart, tokenEnd } = this.#cursor;
    if (!fraction && readLong(bytes, tokenStart, tokenEnd) !== undefined) return bigintType;
    if (fraction && !this.#options.prefersDecimal) return doubleType;
    const match = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(decodeUtf8(bytes, tokenStart, tokenEnd));
    if (match === null) return doubleType;
    const scale = (match[2]?.length ?? 0) - Number(match[3] ?? 0);
    const digits = `${match[1]}${match[2] ?? ""}`.replace(/^0+/, "").length;
    const precision = Math.max(digits, scale, 1) + Math.max(0, -scale);
    return precision <= 38 && scale <= 38 ? decimalType(precision, Math.max(0, scale)) : doubleType;
  }

  #merge(a: DataType, b: DataType): DataType {
    if (a.kind === "null") return b;
    if (b.kind === "null") return a;
    if (a.kind === "struct" && b.kind === "struct") {
      if (sameFieldNames(a, b)) {
        return structType(a.fields.map((f, i) => field(f.name, this.#merge(f.type, b.fields[i]!.type))));
      }
      const fields = new Map(a.fields.map((f) => [f.name, f.type]));
      for (const f of b.fields) {
        const other = fields.get(f.name);
        fields.set(f.name, other === undefined ? f.type : this.#merge(other, f.type));
      }
      return sortedStruct(fields);
    }
    if (a.kind === "array" && b.kind === "array") return arrayType(this.#merge(a.element, b.element));
    if (a.kind === b.kind && a.kind !== "decimal") return a;
    if (a.kind === "double" && isNumber(b)) return a;
    if (b.kind === "double" && isNumber(a)) return b;
    const x = asDecimal(a);
    const y = asDecimal(b);
    if (x === null || y === null) return stringType;
    const scale = Math.max(x.scale, y.scale);
    const range = Math.max(x.precision - x.scale, y.precision - y.scale);
    return range + scale > 38 ? doubleType : decimalType(range + scale, scale);
  }
}

function isNumber(type: DataType): boolean {
  return type.kind === "bigint" || type.kind === "decimal" || type.kind === "double";
}

function asDecimal(type: DataType): DecimalType | null {
  return type.kind === "decimal" ? type : type.kind === "bigint" ? decimalType(20, 0) : null;
}

function sameFieldNames(a: StructType, b: StructType): boolean {
  return a.fields.length === b.fields.length && a.fields.every((f, i) => f.name === b.fields[i]!.name);
}

function sortedStruct(fields: ReadonlyMap<string, DataType>): StructType {
  const sorted = [...fields].sort(([a], [b]) => compareStrings(a, b));
  return structType(sorted.map(([name, type]) => field(name, type)));
}
