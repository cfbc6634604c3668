/** Sort of 50 M longs in no order, each with a payload. */
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";

export async function* sort(options: BenchOptions): AsyncGenerator<Measure> {
  const rows = options.smoke ? 500_000 : 50_000_000;
  yield* compare(options, {
    name: "sort",
    records: rows,
    job: new URL("./millrace-job.ts", import.meta.url),
    parameters: [`${rows}`, `${rows / 10}`],
    peers: { script: new URL("./peers.py", import.meta.url), systems: ["spark", "duckdb", "polars"] },
    ...(options.smoke && { oracle: () => sortedRows(rows, rows / 10) }),
  });
}

/** Every tenth of the sorted rows: its place, key and payload. Keys are different, since the factor and the modulus are coprime. */
function sortedRows(rows: number, every: number): readonly string[] {
  const keys = Array.from({ length: rows }, (_, id) => ({
    id,
    key: Number((BigInt(id) * 2654435761n + 12345n) % 4294967291n),
  }));
  keys.sort((a, b) => a.key - b.key);
  return keys.filter((_, place) => place % every === 0).map(({ id, key }, n) => `${n * every}|${key}|${id}`);
}
