/**
 * Batches to Arrow's IPC stream format and back, by `apache-arrow`, which is loaded on the first use.
 *
 * Types are mapped as Spark maps them: TIMESTAMP is timestamp[µs, UTC], TIMESTAMP_NTZ timestamp[µs], DECIMAL decimal128,
 * TIME time64[ns], VARIANT a struct of the two binary fields `value` and `metadata`, INTERVAL DAY TO SECOND duration[µs], INTERVAL YEAR TO MONTH interval[months]; which interval fields a column was
 * declared with, how precise a time is, and column metadata, are not part of Arrow's types and come back as the widest range and nothing.
 * Reading points into the given bytes wherever the layouts agree, which is everywhere but for columns of foreign types
 * (other time units, large strings, dictionaries, unsigned integers).
 */
import type * as Arrow from "apache-arrow";
import { MillraceError } from "../errors/index.ts";
import { binaryType, type DataType, type StructType } from "../types/data-type.ts";
import { arrowColumnReader, fromArrowType } from "./arrow-reading.ts";
import { contiguousBytes, rebasedOffsets } from "./compact.ts";
import { sliceVector } from "./gather.ts";
import type { RecordBatch } from "./record-batch.ts";
import { countNulls } from "./validity.ts";
import type { Vector } from "./vector.ts";

type ArrowModule = typeof Arrow;
type DataBuffers = NonNullable<ConstructorParameters<typeof Arrow.Data>[4]>;

/** The batches, all of the given schema, as one Arrow IPC stream. */
export async function toArrowIpc(schema: StructType, batches: readonly RecordBatch[]): Promise<Uint8Array> {
  const arrow = await import("apache-arrow");
  const arrowSchema = new arrow.Schema(schema.fields.map((f) => toArrowField(arrow, f.name, f.type, f.nullable)));
  const structure = new arrow.Struct(arrowSchema.fields);
  const arrowBatches = batches.map((batch) => {
    const children = batch.columns.map((column) => toArrowData(arrow, column));
    return new arrow.RecordBatch(arrowSchema, new arrow.Data(structure, 0, batch.length, 0, {}, children));
  });
  return arrow.tableToIPC(new arrow.Table(arrowSchema, arrowBatches), "stream");
}

/**
 * The schema and batches of an Arrow IPC stream (or file).
 * @throws MillraceError INVALID_ARROW_IPC, UNSUPPORTED_ARROWTYPE
 */
export async function fromArrowIpc(
  bytes: Uint8Array,
): Promise<{ readonly schema: StructType; readonly batches: readonly RecordBatch[] }> {
  const arrow = await import("apache-arrow");
  // Columns of 64-bit values are views of these bytes, which must begin at a multiple of 8.
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  let table: Arrow.Table;
  try {
    table = arrow.tableFromIPC(aligned);
  } catch (cause) {
    throw new MillraceError("INVALID_ARROW_IPC", { reason: String(cause) }, { cause });
  }
  const fields = table.schema.fields.map((f) => ({
    name: String(f.name),
    type: fromArrowType(arrow, f.type as Arrow.DataType, String(f.name)),
    nullable: f.nullable,
  }));
  if (aligned.length === 0) throw new MillraceError("INVALID_ARROW_IPC", { reason: "it is empty" });
  const schema: StructType = { kind: "struct", fields };
  const readers = fields.map((f) => arrowColumnReader(arrow, f.type));
  const batches = table.batches.map((batch): RecordBatch => ({
    schema,
    length: batch.numRows,
    columns: readers.map((read, k) => read(batch.data.children[k]!)),
  }));
  return { schema, batches };
}

function toArrowField(arrow: ArrowModule, name: string, type: DataType, nullable: boolean): Arrow.Field {
  return new arrow.Field(name, toArrowType(arrow, type), nullable);
}

function toArrowType(arrow: ArrowModule, type: DataType): Arrow.DataType {
  switch (type.kind) {
    case "null":
      return new arrow.Null();
    case "boolean":
      return new arrow.Bool();
    case "tinyint":
      return new arrow.Int8();
    case "smallint":
      return new arrow.Int16();
    case "int":
      return new arrow.Int32();
    case "bigint":
      return new arrow.Int64();
    case "float":
      return new arrow.Float32();
    case "double":
      return new arrow.Float64();
    case "string":
      return new arrow.Utf8();
    case "binary":
      return new arrow.Binary();
    case "date":
      return new arrow.DateDay();
    case "timestamp":
      return new arrow.TimestampMicrosecond("UTC");
    case "timestamp_ntz":
      return new arrow.TimestampMicrosecond();
    case "time":
      return new arrow.TimeNanosecond();
    case "variant":
      // As Spark sends it: the metadata's field says that the struct is a variant.
      return new arrow.Struct([
        toArrowField(arrow, "value", binaryType, false),
        new arrow.Field("metadata", new arrow.Binary(), false, new Map([["variant", "true"]])),
      ]);
    case "decimal":
      return new arrow.Decimal(type.scale, type.precision, 128);
    case "interval_year_month":
      return new arrow.IntervalYearMonth();
    case "interval_day_time":
      return new arrow.DurationMicrosecond();
    case "array":
      return new arrow.List(toArrowField(arrow, "element", type.element, type.containsNull));
    case "map": {
      const entries = new arrow.Struct([
        toArrowField(arrow, "key", type.key, false),
        toArrowField(arrow, "value", type.value, type.valueContainsNull),
      ]);
      return new arrow.Map_(
        new arrow.Field("entries", entries as Arrow.Struct<{ key: Arrow.DataType; value: Arrow.DataType }>, false),
      );
    }
    case "struct":
      return new arrow.Struct(type.fields.map((f) => toArrowField(arrow, f.name, f.type, f.nullable)));
  }
}

interface DataParts {
  readonly offsets?: Int32Array;
  readonly values?: ArrayBufferView;
  readonly children?: readonly Arrow.Data[];
}

function toArrowData(arrow: ArrowModule, vector: Vector): Arrow.Data {
  const type = toArrowType(arrow, vector.type);
  const { length } = vector;
  const parts = dataParts(arrow, vector, type);
  const nulls = countNulls(vector.validity, length);
  // Arrow's own types tie the buffers to the static type of the column, which is known at run time only.
  const buffers = { 0: parts.offsets, 1: parts.values, 2: nulls > 0 ? vector.validity : undefined };
  return new arrow.Data(type, 0, length, nulls, buffers as unknown as DataBuffers, [...(parts.children ?? [])]);
}

function dataParts(arrow: ArrowModule, vector: Vector, type: Arrow.DataType): DataParts {
  switch (vector.kind) {
    case "null":
      return {};
    case "bool":
      // The writer takes a bitmap of exactly this length.
      return { values: vector.values.subarray(0, (vector.length + 7) >> 3) };
    case "decimal": {
      const { buffer, byteOffset } = vector.values;
      return { values: new Uint32Array(buffer, byteOffset, 4 * vector.length) };
    }
    case "bytes": {
      const packed = contiguousBytes(vector);
      return { offsets: packed.offsets, values: packed.bytes };
    }
    case "list": {
      const { offsets, from, to } = rebasedOffsets(vector.offsets, vector.length);
      return { offsets, children: [toArrowData(arrow, sliceVector(vector.child, from, to))] };
    }
    case "map": {
      const { offsets, from, to } = rebasedOffsets(vector.offsets, vector.length);
      const children = [vector.keys, vector.values].map((child) => toArrowData(arrow, sliceVector(child, from, to)));
      const entries = new arrow.Data((type as Arrow.Map_).children[0]!.type, 0, to - from, 0, {}, children);
      return { offsets, children: [entries as Arrow.Data] };
    }
    case "struct":
      return { children: vector.children.map((child) => toArrowData(arrow, child)) };
    default:
      return { values: vector.values.subarray(0, vector.length) };
  }
}
