import type { ReadHandle } from "../runtime/file-system.ts";
import { readExactly } from "./chunk-input.ts";
import { ParquetFormatError } from "./format-error.ts";
import type { FileMetadata } from "./metadata.ts";
import { readFileMetadata } from "./read-metadata.ts";
import { type ParquetNode, schemaTree } from "./schema-tree.ts";

/** The end of a file that is read at once; most footers fit. */
const tailBytes = 64 << 10;
const magic = 0x31524150;
const encryptedMagic = 0x45524150;

export interface FileFooter {
  readonly metadata: FileMetadata;
  readonly root: ParquetNode;
}

/**
 * The metadata at the end of a Parquet file of `size` bytes.
 * @throws ParquetFormatError when it is no Parquet file, or a damaged or encrypted one
 */
export async function readFooter(handle: ReadHandle, size: number): Promise<FileFooter> {
  if (size < 12) throw new ParquetFormatError(`the file has only ${size} bytes`);
  let tail = await readExactly(handle, Math.max(0, size - tailBytes), Math.min(size, tailBytes));
  const end = new DataView(tail.buffer, tail.byteOffset + tail.length - 8);
  const length = end.getUint32(0, true);
  const mark = end.getUint32(4, true);
  if (mark === encryptedMagic) throw new ParquetFormatError("the file is encrypted");
  if (mark !== magic) throw new ParquetFormatError("the file does not end with PAR1");
  if (length > size - 12)
    throw new ParquetFormatError(`a footer of ${length} bytes does not fit a file of ${size} bytes`);
  if (length + 8 > tail.length) tail = await readExactly(handle, size - length - 8, length + 8);
  const metadata = readFileMetadata(tail.subarray(tail.length - 8 - length, tail.length - 8));
  if (metadata.encrypted) throw new ParquetFormatError("the file is encrypted");
  return { metadata, root: schemaTree(metadata.schema) };
}
