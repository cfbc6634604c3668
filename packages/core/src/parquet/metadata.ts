/** Parquet's metadata as plain data; names and numbers are those of the format's `parquet.thrift`. */

export const physicalType = {
  boolean: 0,
  int32: 1,
  int64: 2,
  int96: 3,
  float: 4,
  double: 5,
  byteArray: 6,
  fixed: 7,
} as const;
export const physicalTypeNames: readonly string[] = [
  "BOOLEAN",
  "INT32",
  "INT64",
  "INT96",
  "FLOAT",
  "DOUBLE",
  "BINARY",
  "FIXED_LEN_BYTE_ARRAY",
];

export const repetition = { required: 0, optional: 1, repeated: 2 } as const;

export const convertedType = {
  utf8: 0,
  map: 1,
  mapKeyValue: 2,
  list: 3,
  enum: 4,
  decimal: 5,
  date: 6,
  timeMillis: 7,
  timeMicros: 8,
  timestampMillis: 9,
  timestampMicros: 10,
  uint8: 11,
  uint16: 12,
  uint32: 13,
  uint64: 14,
  int8: 15,
  int16: 16,
  int32: 17,
  int64: 18,
  json: 19,
  bson: 20,
  interval: 21,
} as const;

export const encoding = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  bitPacked: 4,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;

export const codec = {
  uncompressed: 0,
  snappy: 1,
  gzip: 2,
  lzo: 3,
  brotli: 4,
  lz4: 5,
  zstd: 6,
  lz4Raw: 7,
} as const;

export const pageType = { data: 0, index: 1, dictionary: 2, dataV2: 3 } as const;

export type TimeUnit = "millis" | "micros" | "nanos";

export type LogicalType =
  | { readonly kind: "string" | "map" | "list" | "enum" | "date" | "null" | "json" | "bson" | "uuid" | "float16" }
  | { readonly kind: "decimal"; readonly scale: number; readonly precision: number }
  | { readonly kind: "time" | "timestamp"; readonly utc: boolean; readonly unit: TimeUnit }
  | { readonly kind: "integer"; readonly bits: number; readonly signed: boolean }
  | { readonly kind: "interval" }
  | { readonly kind: "variant" }
  | { readonly kind: "unknown" };

export interface SchemaElement {
  readonly name: string;
  /** Absent: a group. */
  readonly type?: number;
  readonly typeLength?: number;
  readonly repetition?: number;
  readonly children?: number;
  readonly convertedType?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly fieldId?: number;
  readonly logicalType?: LogicalType;
}

export interface Statistics {
  /** Deprecated bounds, right only for signed comparison. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
  readonly minValue?: Uint8Array;
  readonly maxValue?: Uint8Array;
  readonly nullCount?: number;
}

/** A part of the file. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
}

export interface ColumnChunk {
  readonly type: number;
  readonly path: readonly string[];
  readonly codec: number;
  readonly values: number;
  readonly uncompressedSize: number;
  readonly compressedSize: number;
  readonly dataPageOffset: number;
  readonly dictionaryPageOffset?: number;
  readonly encodings: readonly number[];
  readonly statistics?: Statistics;
  readonly bloomFilter?: FilePart;
  readonly offsetIndex?: FilePart;
  readonly columnIndex?: FilePart;
  /** The chunk lies in another file, or is encrypted. */
  readonly elsewhere: boolean;
}

export interface RowGroup {
  readonly columns: readonly ColumnChunk[];
  readonly rows: number;
  readonly byteSize: number;
}

export interface FileMetadata {
  readonly version: number;
  readonly schema: readonly SchemaElement[];
  readonly rows: number;
  readonly rowGroups: readonly RowGroup[];
  readonly keyValues: ReadonlyMap<string, string>;
  readonly createdBy?: string;
  readonly encrypted: boolean;
}

export interface PageHeader {
  readonly type: number;
  readonly uncompressedSize: number;
  readonly compressedSize: number;
  readonly values: number;
  readonly encoding: number;
  /** Bytes of the levels before the values, for data pages of version 2. */
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  readonly compressed: boolean;
  /** Rows that begin in the page; −1 when the header does not say. */
  readonly rows: number;
  readonly definitionEncoding: number;
  readonly repetitionEncoding: number;
  /** Bytes of the header itself. */
  readonly headerSize: number;
}

export interface PageBounds {
  readonly nullPages: readonly boolean[];
  readonly minimums: readonly Uint8Array[];
  readonly maximums: readonly Uint8Array[];
  readonly nullCounts?: readonly number[];
}
/** Row of the group at which each page begins. */
export type FirstRows = readonly number[];

/** Spark's schema of the file, in the file's key-value metadata. */
export const sparkSchemaKey = "org.apache.spark.sql.parquet.row.metadata";
