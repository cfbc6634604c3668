import { type DataType, MillraceError, isValid, type RecordBatch, type StructType, type Vector } from "millrace/engine";
import type { ByteRange, RecordHeader } from "../protocol/record-batch-writer.ts";

const utf8 = new TextDecoder();

/** Where the columns of a record are among those of a query; −1: the query has none of the name. */
export interface SinkColumns {
  readonly topic: number;
  readonly key: number;
  readonly value: number;
  readonly headers: number;
  readonly partition: number;
}

const isText = (type: DataType): boolean => type.kind === "string" || type.kind === "binary";
const isHeaders = (type: DataType): boolean =>
  type.kind === "array" &&
  type.element.kind === "struct" &&
  type.element.fields.length === 2 &&
  type.element.fields[0]!.type.kind === "string" &&
  type.element.fields[1]!.type.kind === "binary";

/** @throws MillraceError INVALID_OPTION, UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE */
export function sinkColumns(schema: StructType, topic: string | undefined): SinkColumns {
  const find = (name: string, fits: (type: DataType) => boolean): number => {
    const ordinal = schema.fields.findIndex((each) => each.name.toLowerCase() === name);
    const found = schema.fields[ordinal];
    if (found !== undefined && found.type.kind !== "null" && !fits(found.type)) {
      const parameters = { format: "kafka", columnName: found.name, columnType: found.type.kind.toUpperCase() };
      throw new MillraceError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", parameters);
    }
    return ordinal;
  };
  const columns: SinkColumns = {
    topic: find("topic", (type) => type.kind === "string"),
    key: find("key", isText),
    value: find("value", isText),
    headers: find("headers", isHeaders),
    partition: find("partition", (type) => type.kind === "int"),
  };
  if (columns.value < 0) throw missing("value", "Give the rows a column value, a STRING or BINARY.");
  if (columns.topic < 0 && topic === undefined) {
    throw missing("topic", "Set the option topic, or give the rows a column topic.");
  }
  return columns;
}

function missing(option: string, expected: string): MillraceError {
  return new MillraceError("INVALID_OPTION", { option, provider: "kafka", value: "not given", expected });
}

/** The bytes of a value; null where there is none. */
export function rangeAt(batch: RecordBatch, ordinal: number, row: number): ByteRange | null {
  const vector = batch.columns[ordinal];
  if (vector === undefined) return null;
  return bytesAt(vector, row);
}

function bytesAt(vector: Vector, row: number): ByteRange | null {
  if (vector.kind !== "bytes" || !isValid(vector, row)) return null;
  return { bytes: vector.bytes, start: vector.starts[row]!, end: vector.ends[row]! };
}

export function textAt(batch: RecordBatch, ordinal: number, row: number): string | null {
  const range = rangeAt(batch, ordinal, row);
  return range === null ? null : utf8.decode(range.bytes.subarray(range.start, range.end));
}

export function partitionAt(batch: RecordBatch, ordinal: number, row: number): number | null {
  const vector = batch.columns[ordinal];
  return vector?.kind === "i32" && isValid(vector, row) ? vector.values[row]! : null;
}

const none: readonly RecordHeader[] = [];

export function headersAt(batch: RecordBatch, ordinal: number, row: number): readonly RecordHeader[] {
  const vector = batch.columns[ordinal];
  if (vector?.kind !== "list" || !isValid(vector, row) || vector.child.kind !== "struct") return none;
  const [keys, values] = vector.child.children as readonly [Vector, Vector];
  const headers: RecordHeader[] = [];
  for (let i = vector.offsets[row]!; i < vector.offsets[row + 1]!; i++) {
    if (!isValid(vector.child, i)) continue;
    const key = bytesAt(keys, i) ?? { bytes: new Uint8Array(0), start: 0, end: 0 };
    headers.push({ key, value: bytesAt(values, i) });
  }
  return headers;
}
