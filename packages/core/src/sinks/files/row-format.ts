import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { SinkContext } from "../contract.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Writes rows into the {@link ByteWriter} that it was made with. */
export interface RowWriter {
  /** What a file begins with (a header). */
  begin(): void;
  /** Rows `from` to `to` (exclusive) of a batch. */
  write(batch: RecordBatch, from: number, to: number): void;
  /** Called after each write: what a format does with rows that it has gathered. */
  settle?(): Promise<void>;
  /** Bytes of rows that the writer itself holds, about. */
  held?(): number;
  /** Gives out the rows that it holds, as far as the format allows. */
  release?(): Promise<void>;
  /** What a file ends with. */
  end?(): Promise<void>;
}

/** A format of files that hold rows one after another. */
export interface RowFormat {
  readonly name: string;
  /** With the dot. */
  readonly extension: string;
  /** The end of file names, of a format that compresses by itself; absent: files may be compressed as a whole. */
  suffix?(context: SinkContext, options: OptionReader): string;
  /** Checks schema and options, and makes writers. */
  open(context: SinkContext, options: OptionReader): (out: ByteWriter) => RowWriter;
}
