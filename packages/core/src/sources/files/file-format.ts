import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { StructType } from "../../types/data-type.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "./bad-records.ts";

/** A part of a file: the lines that begin in `[from, to)`. Plain data. */
export interface FileRange {
  readonly path: string;
  /** Bytes of the file that exist for this read: its size when it was listed. */
  readonly size: number;
  readonly from: number;
  readonly to: number;
  /** When the file was modified, in milliseconds since the epoch, as it was listed. */
  readonly modifiedMs?: number;
  /** Values of the partition columns as they stand in the file's path. */
  readonly partition?: readonly (string | null)[];
}

/** What the rows of a file come from. */
export interface FileReader {
  /** Whether the pushed filter is applied to all rows. */
  readonly filtered: boolean;
  /** Records met so far, before the filter dropped any. */
  readonly rowsRead: number;
  read(range: FileRange, signal: AbortSignal): AsyncIterable<RecordBatch>;
}

/** A format of files: JSON lines, CSV, text. */
export interface FileFormat {
  readonly name: string;
  /** The columns whatever the files hold; absent: they are inferred from them. */
  readonly fixedSchema?: StructType;
  /** Whether a file can be read in parts that begin anywhere. */
  splittable(context: SourceContext): boolean;
  /** The schema of the files, which are looked at in the given order. */
  inferSchema(context: SourceContext, files: readonly FileRange[]): Promise<StructType>;
  /** The user's schema as the format needs it; throws when the format cannot have it. */
  checkSchema(context: SourceContext, given: StructType): StructType;
  reader(context: SourceContext, request: ScanRequest, letters: DeadLetters | null): FileReader;
}
