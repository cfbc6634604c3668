/** Whole files as rows: path, time, length and content. The content is read only where the filter leaves the row. */
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
  binaryType,
  field,
  type SqlValue,
  stringType,
  structType,
  type StructType,
  timestampType,
} from "../../types/data-type.ts";
import { sqlName } from "../../types/type-names.ts";
import type { ScanRequest, SourceContext } from "../contract.ts";
import type { FileFormat, FileRange, FileReader } from "../files/file-format.ts";
import { bytesSetting } from "../settings.ts";

const binaryFileSchema: StructType = structType([
  field("path", stringType),
  field("modificationTime", timestampType),
  field("length", bigintType),
  field("content", binaryType),
]);

export const binaryFileFormat: FileFormat = {
  name: "binaryfile",
  fixedSchema: binaryFileSchema,
  splittable: () => false,
  inferSchema: async () => binaryFileSchema,
  checkSchema(_context, given) {
    const same =
      given.fields.length === binaryFileSchema.fields.length &&
      given.fields.every((f, i) => {
        const expected = binaryFileSchema.fields[i]!;
        return f.name === expected.name && f.type.kind === expected.type.kind;
      });
    if (same) return given;
    throw new MillraceError("INVALID_OPTION", {
      option: "schema",
      provider: "binaryFile",
      value: given.fields.map((f) => `${f.name} ${sqlName(f.type)}`).join(", "),
      expected:
        "The columns are path STRING, modificationTime TIMESTAMP, length BIGINT, content BINARY; give no schema.",
    });
  },
  reader: (context, request) => new BinaryFileReader(context, request),
};

class BinaryFileReader implements FileReader {
  readonly filtered: boolean;
  rowsRead = 0;
  readonly #context: SourceContext;
  readonly #request: ScanRequest;

  constructor(context: SourceContext, request: ScanRequest) {
    this.#context = context;
    this.#request = request;
    this.filtered = request.filter !== undefined;
  }

  async *read(range: FileRange): AsyncGenerator<RecordBatch, void, void> {
    const { columns, filter } = this.#request;
    const content = columns.fields.findIndex(({ name }) => name === "content");
    this.rowsRead++;
    let batch = this.#row(range, null);
    const selection = new Int32Array(1);
    const early = filter !== undefined && !filter.columns.includes(content);
    if (early && filter.select(batch, selection) === 0) return;
    if (content >= 0) batch = this.#row(range, await this.#content(range));
    if (filter !== undefined && !early && filter.select(batch, selection) === 0) return;
    yield batch;
  }

  #row({ path, size, modifiedMs }: FileRange, content: Uint8Array | null): RecordBatch {
    const { columns } = this.#request;
    const values: Readonly<Record<string, SqlValue>> = {
      path: `file:${path}`,
      modificationTime: BigInt(modifiedMs ?? 0) * 1000n,
      length: BigInt(size),
      content,
    };
    return batchFromValues(columns, [columns.fields.map(({ name }) => values[name] ?? null)]);
  }

  async #content({ path, size }: FileRange): Promise<Uint8Array> {
    const limit = bytesSetting(this.#context, "spark.sql.sources.binaryFile.maxLength", 2 ** 31 - 1);
    if (size > limit) throw new MillraceError("RECORD_TOO_LARGE", { path, line: "1", limit: String(limit) });
    const handle = await this.#context.runtime.fs.open(path);
    try {
      const bytes = new Uint8Array(size);
      let filled = 0;
      while (filled < size) {
        const read = await handle.read(bytes, filled, size - filled, filled);
        if (read === 0) break;
        filled += read;
      }
      return bytes.subarray(0, filled);
    } finally {
      await handle.close();
    }
  }
}
