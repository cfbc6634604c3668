/** What the simulated user does with results and late rows: keeps them by batch, and notices a batch that comes again with others. */

/** The user's function was told to throw, or the user's store. */
export class Poison extends Error {}

export const textOf = (rows: readonly unknown[]): string[] =>
  rows.map((row) => JSON.stringify(row, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v)));

export class UserStore {
  readonly batches = new Map<number, readonly string[]>();
  readonly lateRows = new Map<number, readonly string[]>();
  /** What is to go wrong in this run: after so many batches, before or after the batch is taken. */
  failing: { left: number; readonly taken: boolean } | null = null;
  readonly #count: (kind: string) => void;

  constructor(count: (kind: string) => void) {
    this.#count = count;
  }

  take(batchId: number, rows: readonly string[]): void {
    const failing = this.failing !== null && this.failing.left-- === 0 ? this.failing : null;
    if (failing?.taken === false) {
      this.#count("store before");
      throw new Poison("the store is down");
    }
    keep(this.batches, batchId, rows);
    if (failing !== null) {
      this.#count("store after");
      throw new Poison("the store did not answer");
    }
  }

  takeLate(batchId: number, rows: readonly string[]): void {
    this.#count("late rows taken");
    keep(this.lateRows, batchId, rows);
  }

  /** What the result comes to: of rows with the same keys the last one counts. */
  result(mode: string, keys: readonly string[] | undefined): readonly string[] {
    const batches = [...this.batches].sort(([a], [b]) => a - b).map(([, rows]) => rows);
    if (mode === "complete") return batches.at(-1) ?? [];
    if (keys === undefined) return batches.flat();
    const latest = new Map<string, string>();
    for (const text of batches.flat()) {
      const row = JSON.parse(text) as Readonly<Record<string, unknown>>;
      latest.set(JSON.stringify(keys.map((key) => row[key])), text);
    }
    return [...latest.values()];
  }
}

function keep(kept: Map<number, readonly string[]>, batchId: number, rows: readonly string[]): void {
  const before = kept.get(batchId);
  if (before === undefined) kept.set(batchId, rows);
  else if (before.join("\n") !== rows.join("\n")) {
    throw new Error(`batch ${batchId} came again with other rows:\n${before.join("\n")}\n---\n${rows.join("\n")}`);
  }
}
