import { DatabaseSync } from "node:sqlite";
import type { RowSink, RowSinkBatch } from "millrace";
import type { Ticket } from "./ticket-system.ts";

/**
 * A sink of one's own that is exactly-once: the rows of a batch and its id are written in one transaction, so the
 * database always knows which batch it holds last, and a batch that comes again after a crash is not written again.
 */
export class SqliteSink implements RowSink<Ticket> {
  readonly name = "sqlite";
  readonly guarantee = "exactly-once";
  readonly #database: DatabaseSync;
  /** For the demonstration: after this batch is in the database, the program loses its way before it can say so. */
  readonly #failAfter: number | undefined;

  constructor(file: string, failAfter?: number) {
    this.#failAfter = failAfter;
    this.#database = new DatabaseSync(file);
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS tickets (id INTEGER, team TEXT, minutes INTEGER);
      CREATE TABLE IF NOT EXISTS batches (query_id TEXT PRIMARY KEY, batch_id INTEGER)`);
  }

  async lastCommittedBatch(queryId: string): Promise<number | null> {
    const row = this.#database.prepare("SELECT batch_id FROM batches WHERE query_id = ?").get(queryId);
    return row === undefined ? null : Number(row["batch_id"]);
  }

  async write({ queryId, batchId, rows }: RowSinkBatch<Ticket>): Promise<void> {
    const insert = this.#database.prepare("INSERT INTO tickets VALUES (?, ?, ?)");
    this.#database.exec("BEGIN");
    try {
      for (const { id, team, minutes } of rows) insert.run(id, team, minutes);
      this.#database.prepare("INSERT OR REPLACE INTO batches VALUES (?, ?)").run(queryId, batchId);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
    console.log(`batch ${batchId}: wrote ${rows.length} tickets`);
    if (batchId === this.#failAfter) throw new Error("the connection broke after the commit");
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

/** What the database holds. */
export function totals(file: string): readonly string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = database
      .prepare(
        "SELECT team, count(*) AS tickets, count(DISTINCT id) AS ids, sum(minutes) AS minutes FROM tickets GROUP BY team",
      )
      .all();
    return rows.map(
      (row) => `${row["team"]}: ${row["tickets"]} tickets with ${row["ids"]} ids, ${row["minutes"]} minutes`,
    );
  } finally {
    database.close();
  }
}
