/** How the rows of a sink become the bytes of files: a format, and what compresses its bytes. */
import { MillraceError } from "../../errors/index.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { compressSnappy } from "../../parquet/snappy.ts";
import type { Compression } from "../../runtime/compression.ts";
import type { SinkContext } from "../contract.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { readTranscode, type Transcode } from "./charset.ts";
import type { RowFormat, RowWriter } from "./row-format.ts";

/** Makes a part of a file of bytes; parts stand one behind the other. */
type Compress = (compression: Compression, bytes: Uint8Array) => Promise<Uint8Array>;

interface FileCodec {
  /** What the names of files get. */
  readonly extension: string;
  readonly compress: Compress | null;
}

const plain: FileCodec = { extension: "", compress: null };
const block =
  (codec: "gzip" | "deflate" | "zstd"): Compress =>
  (compression, bytes) =>
    compression.compressBlock(codec, bytes);

const codecs: Readonly<Record<string, FileCodec>> = {
  none: plain,
  uncompressed: plain,
  gzip: { extension: ".gz", compress: block("gzip") },
  deflate: { extension: ".deflate", compress: block("deflate") },
  zstd: { extension: ".zst", compress: block("zstd") },
  snappy: { extension: ".snappy", compress: async (_, bytes) => hadoopSnappy(bytes) },
};

/** Plain bytes of a block: Hadoop's readers have buffers of 256 KiB. */
const snappyBlockBytes = 192 << 10;

/** Blocks as Hadoop's SnappyCodec writes them: `[plain size] [compressed size] [Snappy]`, sizes as 32 bits, big end first. */
function hadoopSnappy(bytes: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += snappyBlockBytes) {
    const content = bytes.subarray(from, from + snappyBlockBytes);
    const compressed = compressSnappy(content);
    const framed = new Uint8Array(8 + compressed.length);
    const view = new DataView(framed.buffer);
    view.setUint32(0, content.length);
    view.setUint32(4, compressed.length);
    framed.set(compressed, 8);
    blocks.push(framed);
  }
  const result = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of blocks) {
    result.set(each, at);
    at += each.length;
  }
  return result;
}

export interface FileEncoding {
  /** Ends the names of files: `.json`, `.csv.gz`. */
  readonly suffix: string;
  readonly compress: Compress | null;
  /** From UTF-8; null for UTF-8 itself. */
  readonly transcode: Transcode | null;
  makeWriter(out: ByteWriter): RowWriter;
}

/** Reads the options of a format. @throws MillraceError for options and schemas that it does not take */
export function openEncoding(format: RowFormat, context: SinkContext): FileEncoding {
  const options = new OptionReader(format.name, context.options);
  if (format.suffix !== undefined) {
    const suffix = format.suffix(context, options);
    return { suffix, compress: null, transcode: null, makeWriter: format.open(context, options) };
  }
  const name = options.text("compression", "codec") ?? "none";
  const codec = codecs[name.toLowerCase()];
  if (codec === undefined) {
    throw new MillraceError("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", {
      codecName: name,
      where: `compression of ${format.name}`,
      availableCodecs: Object.keys(codecs).join(", "),
    });
  }
  const makeWriter = format.open(context, options);
  return {
    suffix: format.extension + codec.extension,
    compress: codec.compress,
    transcode: readTranscode(options),
    makeWriter,
  };
}
