/** Parses the structures of `parquet.thrift` that a reader needs. */
import { ParquetFormatError } from "./format-error.ts";
import type {
  ColumnChunk,
  FileMetadata,
  FilePart,
  FirstRows,
  LogicalType,
  PageBounds,
  PageHeader,
  RowGroup,
  SchemaElement,
  Statistics,
  TimeUnit,
} from "./metadata.ts";
import { ThriftReader } from "./thrift-reader.ts";

type Draft<T> = { -readonly [K in keyof T]?: T[K] };

export function readFileMetadata(bytes: Uint8Array): FileMetadata {
  const reader = new ThriftReader(bytes);
  let version = 0;
  let rows = 0;
  let schema: SchemaElement[] = [];
  let rowGroups: RowGroup[] = [];
  let createdBy: string | undefined;
  let encrypted = false;
  const keyValues = new Map<string, string>();
  reader.struct((id, type) => {
    if (id === 1) version = reader.integer(type);
    else if (id === 2) schema = reader.list(type, () => schemaElement(reader));
    else if (id === 3) rows = reader.natural(type);
    else if (id === 4) rowGroups = reader.list(type, () => rowGroup(reader));
    else if (id === 5) reader.list(type, () => keyValue(reader, keyValues));
    else if (id === 6) createdBy = reader.text(type);
    else if (id === 8) {
      encrypted = true;
      return false;
    } else return false;
    return true;
  });
  return {
    version,
    schema,
    rows,
    rowGroups,
    keyValues,
    encrypted,
    ...(createdBy === undefined ? {} : { createdBy }),
  };
}

function keyValue(reader: ThriftReader, target: Map<string, string>): void {
  let key: string | undefined;
  let value = "";
  reader.struct((id, type) => {
    if (id === 1) key = reader.text(type);
    else if (id === 2) value = reader.text(type);
    else return false;
    return true;
  });
  if (key !== undefined) target.set(key, value);
}

function schemaElement(reader: ThriftReader): SchemaElement {
  const element: Draft<SchemaElement> = { name: "" };
  reader.struct((id, type) => {
    switch (id) {
      case 1:
        element.type = reader.integer(type);
        return true;
      case 2:
        element.typeLength = reader.natural(type);
        return true;
      case 3:
        element.repetition = reader.integer(type);
        return true;
      case 4:
        element.name = reader.text(type);
        return true;
      case 5:
        element.children = reader.natural(type);
        return true;
      case 6:
        element.convertedType = reader.integer(type);
        return true;
      case 7:
        element.scale = reader.integer(type);
        return true;
      case 8:
        element.precision = reader.integer(type);
        return true;
      case 9:
        element.fieldId = reader.integer(type);
        return true;
      case 10:
        element.logicalType = logicalType(reader);
        return true;
      default:
        return false;
    }
  });
  return element as SchemaElement;
}

const plainKinds: Readonly<Record<number, (LogicalType & { readonly kind: string })["kind"]>> = {
  1: "string",
  2: "map",
  3: "list",
  4: "enum",
  6: "date",
  11: "null",
  12: "json",
  13: "bson",
  14: "uuid",
  15: "float16",
  16: "variant",
};
const timeUnits: Readonly<Record<number, TimeUnit>> = { 1: "millis", 2: "micros", 3: "nanos" };

function logicalType(reader: ThriftReader): LogicalType {
  let result: LogicalType = { kind: "unknown" };
  reader.struct((id) => {
    if (id === 5) result = decimalLogical(reader);
    else if (id === 7 || id === 8) result = timeLogical(reader, id === 7 ? "time" : "timestamp");
    else if (id === 10) result = integerLogical(reader);
    else {
      const kind = plainKinds[id];
      if (kind !== undefined) result = { kind } as LogicalType;
      return false;
    }
    return true;
  });
  return result;
}

function decimalLogical(reader: ThriftReader): LogicalType {
  let scale = 0;
  let precision = 0;
  reader.struct((id, type) => {
    if (id === 1) scale = reader.integer(type);
    else if (id === 2) precision = reader.integer(type);
    else return false;
    return true;
  });
  return { kind: "decimal", scale, precision };
}

function timeLogical(reader: ThriftReader, kind: "time" | "timestamp"): LogicalType {
  let utc = false;
  let unit: TimeUnit | undefined;
  reader.struct((id, type) => {
    if (id === 1) utc = reader.boolean(type);
    else if (id === 2)
      reader.struct((unitId) => {
        unit = timeUnits[unitId];
        return false;
      });
    else return false;
    return true;
  });
  return unit === undefined ? { kind: "unknown" } : { kind, utc, unit };
}

function integerLogical(reader: ThriftReader): LogicalType {
  let bits = 32;
  let signed = true;
  reader.struct((id, type) => {
    if (id === 1) bits = reader.byte(type);
    else if (id === 2) signed = reader.boolean(type);
    else return false;
    return true;
  });
  return { kind: "integer", bits, signed };
}

function rowGroup(reader: ThriftReader): RowGroup {
  let columns: ColumnChunk[] = [];
  let rows = 0;
  let byteSize = 0;
  reader.struct((id, type) => {
    if (id === 1) columns = reader.list(type, () => columnChunk(reader));
    else if (id === 2) byteSize = reader.integer(type);
    else if (id === 3) rows = reader.natural(type);
    else return false;
    return true;
  });
  if (rows > 0x7fff_ffff) throw new ParquetFormatError(`a row group of ${rows} rows cannot be`);
  return { columns, rows, byteSize };
}

function columnChunk(reader: ThriftReader): ColumnChunk {
  const chunk: Draft<ColumnChunk> = { elsewhere: false };
  const part = { offsetIndexOffset: -1, offsetIndexLength: 0, columnIndexOffset: -1, columnIndexLength: 0 };
  let hasMetadata = false;
  reader.struct((id, type) => {
    if (id === 1) chunk.elsewhere = reader.text(type) !== "";
    else if (id === 3) {
      columnMetadata(reader, chunk);
      hasMetadata = true;
    } else if (id === 4) part.offsetIndexOffset = reader.integer(type);
    else if (id === 5) part.offsetIndexLength = reader.integer(type);
    else if (id === 6) part.columnIndexOffset = reader.integer(type);
    else if (id === 7) part.columnIndexLength = reader.integer(type);
    else if (id === 8) {
      chunk.elsewhere = true;
      return false;
    } else return false;
    return true;
  });
  if (!hasMetadata) chunk.elsewhere = true;
  if (part.offsetIndexOffset > 0) {
    chunk.offsetIndex = { offset: part.offsetIndexOffset, length: part.offsetIndexLength };
  }
  if (part.columnIndexOffset > 0) {
    chunk.columnIndex = { offset: part.columnIndexOffset, length: part.columnIndexLength };
  }
  return { ...emptyChunk, ...chunk };
}

const emptyChunk: ColumnChunk = {
  type: -1,
  path: [],
  codec: 0,
  values: 0,
  uncompressedSize: 0,
  compressedSize: 0,
  dataPageOffset: 0,
  encodings: [],
  elsewhere: false,
};

function columnMetadata(reader: ThriftReader, chunk: Draft<ColumnChunk>): void {
  let bloomOffset = -1;
  let bloomLength = 0;
  reader.struct((id, type) => {
    switch (id) {
      case 1:
        chunk.type = reader.integer(type);
        return true;
      case 2:
        chunk.encodings = reader.list(type, (element) => reader.integer(element));
        return true;
      case 3:
        chunk.path = reader.list(type, (element) => reader.text(element));
        return true;
      case 4:
        chunk.codec = reader.integer(type);
        return true;
      case 5:
        chunk.values = reader.natural(type);
        return true;
      case 6:
        chunk.uncompressedSize = reader.integer(type);
        return true;
      case 7:
        chunk.compressedSize = reader.natural(type);
        return true;
      case 9:
        chunk.dataPageOffset = reader.natural(type);
        return true;
      case 11:
        chunk.dictionaryPageOffset = reader.natural(type);
        return true;
      case 12:
        chunk.statistics = statistics(reader);
        return true;
      case 14:
        bloomOffset = reader.integer(type);
        return true;
      case 15:
        bloomLength = reader.integer(type);
        return true;
      default:
        return false;
    }
  });
  if (bloomOffset > 0) chunk.bloomFilter = { offset: bloomOffset, length: bloomLength };
}

function statistics(reader: ThriftReader): Statistics {
  const result: Draft<Statistics> = {};
  reader.struct((id, type) => {
    if (id === 1) result.max = reader.binary(type);
    else if (id === 2) result.min = reader.binary(type);
    else if (id === 3) result.nullCount = reader.integer(type);
    else if (id === 5) result.maxValue = reader.binary(type);
    else if (id === 6) result.minValue = reader.binary(type);
    else return false;
    return true;
  });
  return result;
}

/** The header of the page that begins at `at`. */
export function readPageHeader(bytes: Uint8Array, at: number, end: number): PageHeader {
  const reader = new ThriftReader(bytes, at, end);
  const header: Draft<PageHeader> = {
    type: -1,
    uncompressedSize: -1,
    compressedSize: -1,
    values: 0,
    encoding: -1,
    definitionBytes: 0,
    repetitionBytes: 0,
    compressed: true,
    rows: -1,
    definitionEncoding: 3,
    repetitionEncoding: 3,
  };
  reader.struct((id, type) => {
    if (id === 1) header.type = reader.integer(type);
    else if (id === 2) header.uncompressedSize = reader.natural(type);
    else if (id === 3) header.compressedSize = reader.natural(type);
    else if (id === 5) {
      reader.struct((field, kind) => {
        if (field === 1) header.values = reader.natural(kind);
        else if (field === 2) header.encoding = reader.integer(kind);
        else if (field === 3) header.definitionEncoding = reader.integer(kind);
        else if (field === 4) header.repetitionEncoding = reader.integer(kind);
        else return false;
        return true;
      });
    } else if (id === 7) {
      reader.struct((field, kind) => {
        if (field === 1) header.values = reader.natural(kind);
        else if (field === 2) header.encoding = reader.integer(kind);
        else return false;
        return true;
      });
    } else if (id === 8) {
      reader.struct((field, kind) => {
        if (field === 1) header.values = reader.natural(kind);
        else if (field === 3) header.rows = reader.natural(kind);
        else if (field === 4) header.encoding = reader.integer(kind);
        else if (field === 5) header.definitionBytes = reader.natural(kind);
        else if (field === 6) header.repetitionBytes = reader.natural(kind);
        else if (field === 7) header.compressed = reader.boolean(kind);
        else return false;
        return true;
      });
    } else return false;
    return true;
  });
  if (header.type! < 0 || header.compressedSize! < 0 || header.uncompressedSize! < 0) {
    throw new ParquetFormatError("a page header is incomplete");
  }
  header.headerSize = reader.at - at;
  return header as PageHeader;
}

export function readColumnIndex(bytes: Uint8Array): PageBounds {
  const reader = new ThriftReader(bytes);
  let nullPages: boolean[] = [];
  let minimums: Uint8Array[] = [];
  let maximums: Uint8Array[] = [];
  let nullCounts: number[] | undefined;
  reader.struct((id, type) => {
    if (id === 1) nullPages = reader.flags(type);
    else if (id === 2) minimums = reader.list(type, (element) => reader.binary(element));
    else if (id === 3) maximums = reader.list(type, (element) => reader.binary(element));
    else if (id === 5) nullCounts = reader.list(type, (element) => reader.integer(element));
    else return false;
    return true;
  });
  return { nullPages, minimums, maximums, ...(nullCounts === undefined ? {} : { nullCounts }) };
}

export function readOffsetIndex(bytes: Uint8Array): FirstRows {
  const reader = new ThriftReader(bytes);
  let rows: number[] = [];
  reader.struct((id, type) => {
    if (id !== 1) return false;
    rows = reader.list(type, () => {
      let first = 0;
      reader.struct((field, kind) => {
        if (field !== 3) return false;
        first = reader.natural(kind);
        return true;
      });
      return first;
    });
    return true;
  });
  return rows;
}

/** Where the bits of a bloom filter lie: after the header. Null for a filter of another kind. */
export function readBloomFilterHeader(bytes: Uint8Array): FilePart | null {
  const reader = new ThriftReader(bytes);
  let length = 0;
  let known = true;
  const choice = (): void =>
    reader.struct((id) => {
      if (id !== 1) known = false;
      return false;
    });
  reader.struct((id, type) => {
    if (id === 1) length = reader.natural(type);
    else if (id >= 2 && id <= 4) choice();
    else return false;
    return true;
  });
  return known && length > 0 && length % 32 === 0 ? { offset: reader.at, length } : null;
}
