/**
 * The checksum files that Spark may have left beside a checkpoint file NAME: `.NAME.crc` of Hadoop's local file system
 * ("crc\0", bytes per checksum, one CRC-32 for each chunk) and `NAME.crc` of Spark 4.1 and later (JSON with a CRC-32C).
 * We write neither; a missing one is fine, a wrong one means damage.
 */
import { FileSystemError, type FileSystem } from "../runtime/file-system.ts";
import { crc32 } from "./crc32.ts";

async function readIfThere(fs: FileSystem, path: string): Promise<Uint8Array | null> {
  try {
    return await fs.readFile(path);
  } catch (error) {
    if (error instanceof FileSystemError && error.code === "ENOENT") return null;
    throw error;
  }
}

function checkHadoop(side: Uint8Array, bytes: Uint8Array): string | null {
  const view = new DataView(side.buffer, side.byteOffset, side.byteLength);
  if (side.length < 8 || view.getUint32(0) !== 0x63726300) return null;
  const chunk = view.getInt32(4);
  if (chunk <= 0) return null;
  const chunks = Math.ceil(bytes.length / chunk);
  if (side.length !== 8 + 4 * chunks) return `its checksum file describes another length`;
  for (let i = 0; i < chunks; i++) {
    const actual = crc32("CRC-32", bytes, i * chunk, Math.min(bytes.length, (i + 1) * chunk));
    if (actual !== view.getInt32(8 + 4 * i)) return `its checksum at byte ${i * chunk} does not match`;
  }
  return null;
}

function checkSpark(side: Uint8Array, bytes: Uint8Array): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(side));
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null || !("algorithm" in parsed) || !("value" in parsed)) return null;
  if (parsed.algorithm !== "CRC32C") return null;
  if ("mainFileSize" in parsed && parsed.mainFileSize !== bytes.length)
    return "its checksum file describes another length";
  return parsed.value === crc32("CRC-32C", bytes) ? null : "its checksum does not match";
}

/** Holds a file's content against the checksum files beside it; null when nothing speaks against it. */
export async function checkSideFiles(fs: FileSystem, path: string, bytes: Uint8Array): Promise<string | null> {
  const cut = path.lastIndexOf("/");
  const hadoop = await readIfThere(fs, `${path.slice(0, cut)}/.${path.slice(cut + 1)}.crc`);
  const wrong = hadoop === null ? null : checkHadoop(hadoop, bytes);
  if (wrong !== null) return wrong;
  const spark = await readIfThere(fs, `${path}.crc`);
  return spark === null ? null : checkSpark(spark, bytes);
}
