import type { OutputMode, SinkProvider } from "millrace";
import { type SqlValue, type StepName, type StreamSink, type StructType, valuesOfBatch } from "millrace/engine";
import { textOfRow } from "./row-text.ts";
import type { TestEngine } from "./test-engine.ts";

/**
 * The table in which a script's query leaves its rows. It outlives crashes, as a database on another machine does, and knows
 * which batches it has: one that comes again must have the same rows, and is not added again.
 */
export class ScriptSink implements SinkProvider {
  readonly names: readonly string[] = ["test"];
  readonly outputModes: readonly OutputMode[] = ["append", "update", "complete"];
  readonly temporaryCheckpointAllowed = false;
  readonly #batches = new Map<number, readonly (readonly SqlValue[])[]>();
  #schema: StructType | undefined;
  /** Told by the engine of the session when the query is started. */
  engine: TestEngine | null = null;
  /** Called when a step of a batch of the query begins. */
  onStep: ((step: StepName, batchId: number) => void) | null = null;

  /** Schema of the result; undefined when the query never started. */
  get schema(): StructType | undefined {
    return this.#schema;
  }
  /** Rows by batch, in the order of the batches. */
  get batches(): ReadonlyMap<number, readonly (readonly SqlValue[])[]> {
    return this.#batches;
  }

  async openStream(context: { readonly schema: StructType }): Promise<StreamSink> {
    if (this.engine === null) throw new TypeError("testStream() takes a query of a session made by testSession().");
    this.#schema = context.schema;
    const batches = this.#batches;
    return {
      description: "TestSink",
      guarantee: "exactly-once",
      lastCommittedBatch: async () => (batches.size === 0 ? null : Math.max(...batches.keys())),
      async write({ batchId, schema, partitions }) {
        const rows: SqlValue[][] = [];
        for (const partition of partitions) for await (const batch of partition) rows.push(...valuesOfBatch(batch));
        return {
          numOutputRows: rows.length,
          async commit() {
            const before = batches.get(batchId);
            if (before === undefined) batches.set(batchId, rows);
            else requireSame(schema, batchId, before, rows);
          },
          async abort() {},
        };
      },
      /** A batch that comes again takes the place of what there was of it. */
      beginRealTime({ batchId }) {
        const rows: (readonly SqlValue[])[] = [];
        return {
          get numOutputRows() {
            return rows.length;
          },
          async write(part) {
            if (rows.length === 0) batches.set(batchId, rows);
            rows.push(...valuesOfBatch(part));
          },
          async end() {},
          async abort() {},
        };
      },
      async close() {},
    };
  }
}

function requireSame(
  schema: StructType,
  batchId: number,
  before: readonly (readonly SqlValue[])[],
  rows: readonly (readonly SqlValue[])[],
): void {
  const [first, second] = [before, rows].map((all) => all.map((row) => textOfRow(schema, row)).join("\n"));
  if (first !== second) {
    throw new Error(
      `Batch ${batchId} had other rows when it was repeated: the query does not depend on its input alone.\n` +
        `first:\n${first}\nrepeated:\n${second}`,
    );
  }
}
