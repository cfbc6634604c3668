/** The hidden column `_metadata`, which tells of a row from which file it comes. */
import { uriOfPath } from "../../checkpoint/hadoop-path.ts";
import {
  bigintType,
  type DataType,
  type Field,
  field,
  type SqlValue,
  stringType,
  structType,
  type StructType,
  timestampType,
} from "../../types/data-type.ts";
import type { FileRange } from "./file-format.ts";
import { nameOf } from "./paths.ts";

export const metadataColumn = "_metadata";

export const metadataType: StructType = structType([
  field("file_path", stringType, false),
  field("file_name", stringType, false),
  field("file_size", bigintType, false),
  field("file_block_start", bigintType, false),
  field("file_block_length", bigintType, false),
  field("file_modification_time", timestampType, false),
]);

/** Whether a column that is asked for is the hidden one: a column of the files by that name hides it. */
export function isMetadataColumn({ name, type }: Field, schema: StructType): boolean {
  return name === metadataColumn && type.kind === "struct" && !schema.fields.some((f) => f.name === name);
}

export function fileMetadata(type: DataType, { path, size, from, to, modifiedMs }: FileRange): SqlValue {
  const values: Readonly<Record<string, SqlValue>> = {
    // Hadoop's form: one slash before an absolute path.
    file_path: uriOfPath(path).replace("file://", "file:"),
    file_name: nameOf(uriOfPath(path)),
    file_size: BigInt(size),
    file_block_start: BigInt(from),
    file_block_length: BigInt(to - from),
    file_modification_time: BigInt(modifiedMs ?? 0) * 1000n,
  };
  const fields = type.kind === "struct" ? type.fields : [];
  return fields.map((f) => values[f.name] ?? null);
}
