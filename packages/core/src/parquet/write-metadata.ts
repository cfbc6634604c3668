/** The structures of `parquet.thrift` that a writer needs, as Thrift values. */
import {
  type ColumnChunk,
  encoding,
  type FilePart,
  type LogicalType,
  pageType,
  physicalType,
  type SchemaElement,
  type TimeUnit,
} from "./metadata.ts";
import { binary, bool, i32, i64, list, struct, text, type ThriftStruct, type ThriftValue } from "./thrift-writer.ts";

type Stored =
  | "type"
  | "path"
  | "codec"
  | "values"
  | "uncompressedSize"
  | "compressedSize"
  | "dataPageOffset"
  | "encodings";

export interface WrittenChunk extends Pick<ColumnChunk, Stored> {
  readonly dictionaryPageOffset: number | undefined;
  readonly nullCount: number;
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
  offsetIndex?: FilePart;
  columnIndex?: FilePart;
  readonly pages: readonly WrittenPage[];
}
export interface WrittenPage {
  readonly offset: number;
  /** With its header. */
  readonly size: number;
  readonly firstRow: number;
  readonly nullCount: number;
  readonly onlyNulls: boolean;
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
}
export interface WrittenGroup {
  readonly chunks: readonly WrittenChunk[];
  readonly rows: number;
}

const empty = struct();

const unitIds: Readonly<Record<TimeUnit, number>> = { millis: 1, micros: 2, nanos: 3 };

function logicalType(type: LogicalType): ThriftValue | undefined {
  switch (type.kind) {
    case "string":
      return struct([1, empty]);
    case "map":
      return struct([2, empty]);
    case "list":
      return struct([3, empty]);
    case "decimal":
      return struct([5, struct([1, i32(type.scale)], [2, i32(type.precision)])]);
    case "date":
      return struct([6, empty]);
    case "time":
    case "timestamp": {
      const unit = struct([unitIds[type.unit], empty]);
      return struct([type.kind === "time" ? 7 : 8, struct([1, bool(type.utc)], [2, unit])]);
    }
    case "integer":
      return struct([10, struct([1, { kind: "byte", value: type.bits }], [2, bool(type.signed)])]);
    default:
      return undefined;
  }
}

const optional = (value: number | undefined): ThriftValue | undefined => (value === undefined ? undefined : i32(value));

function schemaElement(element: SchemaElement): ThriftStruct {
  return struct(
    [1, optional(element.type)],
    [2, optional(element.typeLength)],
    [3, optional(element.repetition)],
    [4, text(element.name)],
    [5, optional(element.children)],
    [6, optional(element.convertedType)],
    [7, optional(element.scale)],
    [8, optional(element.precision)],
    [10, element.logicalType === undefined ? undefined : logicalType(element.logicalType)],
  );
}

/** Bounds of more bytes are left out. */
const longestBound = 1024;

function statistics(chunk: WrittenChunk): ThriftStruct {
  const { min, max } = chunk;
  const fits = min !== undefined && max !== undefined && min.length <= longestBound && max.length <= longestBound;
  const bytes = chunk.type === physicalType.byteArray || chunk.type === physicalType.fixed;
  return struct(
    [1, fits && !bytes ? binary(max) : undefined],
    [2, fits && !bytes ? binary(min) : undefined],
    [3, i64(chunk.nullCount)],
    [5, fits ? binary(max) : undefined],
    [6, fits ? binary(min) : undefined],
  );
}

function columnChunk(chunk: WrittenChunk): ThriftStruct {
  const first = chunk.dictionaryPageOffset ?? chunk.dataPageOffset;
  const metadata = struct(
    [1, i32(chunk.type)],
    [2, list("i32", chunk.encodings.map(i32))],
    [3, list("binary", chunk.path.map(text))],
    [4, i32(chunk.codec)],
    [5, i64(chunk.values)],
    [6, i64(chunk.uncompressedSize)],
    [7, i64(chunk.compressedSize)],
    [9, i64(chunk.dataPageOffset)],
    [11, chunk.dictionaryPageOffset === undefined ? undefined : i64(chunk.dictionaryPageOffset)],
    [12, statistics(chunk)],
  );
  const { offsetIndex, columnIndex } = chunk;
  return struct(
    [2, i64(first)],
    [3, metadata],
    [4, offsetIndex === undefined ? undefined : i64(offsetIndex.offset)],
    [5, offsetIndex === undefined ? undefined : i32(offsetIndex.length)],
    [6, columnIndex === undefined ? undefined : i64(columnIndex.offset)],
    [7, columnIndex === undefined ? undefined : i32(columnIndex.length)],
  );
}

function rowGroup({ chunks, rows }: WrittenGroup, ordinal: number): ThriftStruct {
  const sum = (size: (chunk: WrittenChunk) => number): number =>
    chunks.reduce((total, chunk) => total + size(chunk), 0);
  const first = chunks[0];
  return struct(
    [1, list("struct", chunks.map(columnChunk))],
    [2, i64(sum((chunk) => chunk.uncompressedSize))],
    [3, i64(rows)],
    [5, first === undefined ? undefined : i64(first.dictionaryPageOffset ?? first.dataPageOffset)],
    [6, i64(sum((chunk) => chunk.compressedSize))],
    [7, ordinal > 0x7fff ? undefined : { kind: "i16", value: ordinal }],
  );
}

export function fileMetadata(
  elements: readonly SchemaElement[],
  groups: readonly WrittenGroup[],
  keyValues: readonly (readonly [string, string])[],
  createdBy: string,
): ThriftStruct {
  const leaves = elements.filter((element) => element.type !== undefined).length;
  return struct(
    [1, i32(1)],
    [2, list("struct", elements.map(schemaElement))],
    [3, i64(groups.reduce((total, group) => total + group.rows, 0))],
    [4, list("struct", groups.map(rowGroup))],
    [
      5,
      list(
        "struct",
        keyValues.map(([key, value]) => struct([1, text(key)], [2, text(value)])),
      ),
    ],
    [6, text(createdBy)],
    // Bounds are in the order that the type defines.
    [
      7,
      list(
        "struct",
        Array.from({ length: leaves }, () => struct([1, empty])),
      ),
    ],
  );
}

export function dataPageHeader(uncompressed: number, compressed: number, values: number, kind: number): ThriftStruct {
  return struct(
    [1, i32(pageType.data)],
    [2, i32(uncompressed)],
    [3, i32(compressed)],
    [5, struct([1, i32(values)], [2, i32(kind)], [3, i32(encoding.rle)], [4, i32(encoding.rle)])],
  );
}

export function dictionaryPageHeader(uncompressed: number, compressed: number, values: number): ThriftStruct {
  return struct(
    [1, i32(pageType.dictionary)],
    [2, i32(uncompressed)],
    [3, i32(compressed)],
    [7, struct([1, i32(values)], [2, i32(encoding.plain)])],
  );
}

/** Bounds of the pages; undefined where a page has none that are short. */
export function columnIndex(chunk: WrittenChunk): ThriftStruct | undefined {
  const short = (bound: Uint8Array | undefined): boolean => bound !== undefined && bound.length <= 64;
  if (!chunk.pages.every((page) => page.onlyNulls || (short(page.min) && short(page.max)))) return undefined;
  const none = new Uint8Array(0);
  return struct(
    [1, { kind: "list", element: "bool", items: chunk.pages.map((page) => bool(page.onlyNulls)) }],
    [
      2,
      list(
        "binary",
        chunk.pages.map((page) => binary(page.min ?? none)),
      ),
    ],
    [
      3,
      list(
        "binary",
        chunk.pages.map((page) => binary(page.max ?? none)),
      ),
    ],
    // The order of the bounds is not told.
    [4, i32(0)],
    [
      5,
      list(
        "i64",
        chunk.pages.map((page) => i64(page.nullCount)),
      ),
    ],
  );
}

export function offsetIndex(chunk: WrittenChunk): ThriftStruct {
  return struct([
    1,
    list(
      "struct",
      chunk.pages.map((page) => struct([1, i64(page.offset)], [2, i32(page.size)], [3, i64(page.firstRow)])),
    ),
  ]);
}
