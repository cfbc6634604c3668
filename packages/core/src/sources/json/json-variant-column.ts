/** `singleVariantColumn`: each record as one value of VARIANT, whatever it is. */
import { MillraceError } from "../../errors/index.ts";
import { decodeUtf8 } from "../../columnar/utf8.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import { parseVariant } from "../../functions/variant-json.ts";
import { type SqlValue, type StructType, variantType } from "../../types/data-type.ts";
import { sqlName } from "../../types/type-names.ts";
import type { RecordColumn } from "../files/record-assembly.ts";
import { firstLineEnd } from "../files/line-chunks.ts";
import type { RecordScanner } from "../files/record-file-reader.ts";

/** The schema is the column, or the column and that of corrupt records. */
export function checkVariantColumn(schema: StructType, name: string, corruptColumn: string): void {
  const { fields } = schema;
  const [column, ...others] = fields.toSorted((a, b) => Number(b.name === name) - Number(a.name === name));
  const isColumn = column?.name === name && column.type.kind === "variant" && column.nullable;
  if (isColumn && others.length <= 1 && others.every((f) => f.name === corruptColumn && f.type.kind === "string"))
    return;
  throw new MillraceError("INVALID_SINGLE_VARIANT_COLUMN", { schema: `"${sqlName(schema)}"` });
}

/** Rows that one call of `scan` stops at. */
const maximumRows = 8192;
const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** Makes a value of each record. */
export class JsonRecordScanner implements RecordScanner {
  bytes: Uint8Array = new Uint8Array(0);
  rows = 0;
  lines = 0;
  readonly recordStarts: Int32Array = new Int32Array(maximumRows);
  readonly recordEnds: Int32Array = new Int32Array(maximumRows);
  readonly recordLines: Int32Array = new Int32Array(maximumRows);
  readonly malformed: Map<number, string> = new Map();
  #values: (SqlValue | null)[] = [];

  scan(bytes: Uint8Array, start: number, end: number): number {
    this.#begin(bytes);
    let at = start;
    while (at < end && this.rows < maximumRows) {
      const next = firstLineEnd(bytes, at, end, undefined, true);
      const lineEnd = next < 0 ? end : next;
      this.#add(at, lineEnd);
      this.lines++;
      at = lineEnd;
    }
    return at;
  }

  scanRecord(bytes: Uint8Array, start: number, end: number): void {
    this.#begin(bytes);
    this.#add(start, end);
    this.lines = 1;
  }

  #begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#values = [];
    this.malformed.clear();
    this.rows = 0;
    this.lines = 0;
  }

  #add(start: number, end: number): void {
    let [from, to] = [start, end];
    while (from < to && isBlank(this.bytes[from]!)) from++;
    while (from < to && isBlank(this.bytes[to - 1]!)) to--;
    if (from === to) return;
    this.recordStarts[this.rows] = from;
    this.recordEnds[this.rows] = to;
    this.recordLines[this.rows] = this.lines;
    const variant = parseVariant(decodeUtf8(this.bytes, from, to));
    if (variant === undefined) this.malformed.set(this.rows, "the record is not JSON, or has a key twice");
    this.#values.push((variant as readonly SqlValue[] | undefined) ?? null);
    this.rows++;
  }

  column(): RecordColumn {
    return {
      convert: (rows, count) => {
        const builder = createBuilder(variantType, count);
        for (let i = 0; i < count; i++) builder.append(this.#values[rows[i]!]!);
        return builder.finish();
      },
    };
  }
}
