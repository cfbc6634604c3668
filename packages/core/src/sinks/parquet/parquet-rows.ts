/** Parquet files as a format of the file sinks. */
import { type OptionReader } from "../../logical-plan/option-reader.ts";
import { ParquetFileWriter, type ParquetWriteOptions, type WriteCodec } from "../../parquet/file-writer.ts";
import { writeSchema, type TimestampForm } from "../../parquet/write-schema.ts";
import type { SinkContext } from "../contract.ts";
import type { RowFormat, RowWriter } from "../files/row-format.ts";

const codecs: Readonly<Record<string, WriteCodec>> = {
  none: "uncompressed",
  uncompressed: "uncompressed",
  snappy: "snappy",
  gzip: "gzip",
  zstd: "zstd",
  brotli: "brotli",
};
const suffixes: Readonly<Record<WriteCodec, string>> = {
  uncompressed: ".parquet",
  snappy: ".snappy.parquet",
  gzip: ".gz.parquet",
  zstd: ".zstd.parquet",
  brotli: ".br.parquet",
};
const timestampForms: Readonly<Record<string, TimestampForm>> = {
  TIMESTAMP_MICROS: "micros",
  TIMESTAMP_MILLIS: "millis",
  INT96: "int96",
};

function codecOf(context: SinkContext, options: OptionReader): WriteCodec {
  const option = options.text("compression", "parquet.compression");
  const name = option ?? context.conf("spark.sql.parquet.compression.codec") ?? "snappy";
  const codec = codecs[name.toLowerCase()];
  if (codec === undefined) {
    throw options.invalid("compression", name, "Give none, uncompressed, snappy, gzip, zstd or brotli.");
  }
  return codec;
}

function writeOptions(context: SinkContext, options: OptionReader): ParquetWriteOptions {
  const form = context.conf("spark.sql.parquet.outputTimestampType") ?? "TIMESTAMP_MICROS";
  const timestamps = timestampForms[form.toUpperCase()];
  if (timestamps === undefined) {
    const expected = "Give TIMESTAMP_MICROS, TIMESTAMP_MILLIS or INT96.";
    throw options.invalid("spark.sql.parquet.outputTimestampType", form, expected);
  }
  return {
    codec: codecOf(context, options),
    timestamps,
    groupBytes: options.bytes("parquet.block.size") ?? 128 << 20,
    pageBytes: options.bytes("parquet.page.size") ?? 1 << 20,
  };
}

export const parquetRows: RowFormat = {
  name: "parquet",
  extension: ".parquet",
  suffix: (context, options) => suffixes[codecOf(context, options)],
  open(context, options) {
    const settings = writeOptions(context, options);
    // Refuses types that the format does not have before anything is written.
    writeSchema(context.schema, settings.timestamps);
    return (out): RowWriter => {
      let file: ParquetFileWriter;
      return {
        begin() {
          file = new ParquetFileWriter(context.schema, settings, context.runtime.compression, (bytes) =>
            out.all(bytes),
          );
        },
        write: (batch, from, to) => file.write(batch, from, to),
        settle: () => file.settle(),
        held: () => file.held,
        release: () => file.closeGroup(),
        end: () => file.end(),
      };
    };
  },
};
