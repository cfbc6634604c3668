/** Opens the sources of batch scans and remembers what to close. */
import { MillraceError } from "../errors/index.ts";
import type { OpenScan } from "../execution/context.ts";
import type { Read } from "../logical-plan/logical-plan.ts";
import type { ScanExec } from "../physical-plan/physical-plan.ts";
import type { BatchSource, PushedFilter, SourceContext, SourceProvider } from "../sources/contract.ts";
import { explainFileErrors } from "./file-errors.ts";

export interface TableScanOptions {
  providerOf(read: Read): SourceProvider;
  sourceContext(read: Read): SourceContext;
}

export class TableScans {
  readonly #options: TableScanOptions;
  readonly #opened: BatchSource[] = [];

  constructor(options: TableScanOptions) {
    this.#options = options;
  }

  async openScan(scan: ScanExec, filter: PushedFilter | undefined): Promise<OpenScan> {
    const provider = this.#options.providerOf(scan.read);
    if (provider.openBatch === undefined) {
      throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", { provider: scan.read.format, mode: "a batch read" });
    }
    const request = { schema: scan.tableSchema, columns: scan.schema, ...(filter === undefined ? {} : { filter }) };
    const open = provider.openBatch.bind(provider);
    const source = await explainFileErrors(() => open(this.#options.sourceContext(scan.read), request));
    this.#opened.push(source);
    return source;
  }

  /** Whether {@link isUnchanged} can tell. */
  get knowsChanges(): boolean {
    return this.#opened.every((source) => source.isUnchanged !== undefined);
  }

  /** Whether all that was opened would be read the same when it was opened now. */
  async isUnchanged(): Promise<boolean> {
    for (const source of this.#opened) if ((await source.isUnchanged?.()) !== true) return false;
    return true;
  }

  async close(): Promise<void> {
    for (const source of this.#opened.splice(0)) await source.close();
  }
}
