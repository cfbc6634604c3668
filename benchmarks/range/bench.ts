/** Computation without reading: 200 M rows, a filter, 100 groups, count and sum. */
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";

export async function* range(options: BenchOptions): AsyncGenerator<Measure> {
  const rows = options.smoke ? 2_000_000 : 200_000_000;
  yield* compare(options, {
    name: "range",
    records: rows,
    job: new URL("./millrace-job.ts", import.meta.url),
    parameters: [`${rows}`],
    peers: { script: new URL("./peers.py", import.meta.url), systems: ["spark", "duckdb", "polars", "datafusion"] },
    oracle: () => groups(rows),
  });
}

/** Every third number is kept; those with the remainder g are g, g + 100, …, of which again every third is kept. */
function groups(rows: number): readonly string[] {
  return Array.from({ length: 100 }, (_, group) => {
    const first = BigInt([group, group + 100, group + 200].find((id) => id % 3 === 0)!);
    const count = (BigInt(rows) - first + 299n) / 300n;
    return `${group}|${count}|${count * first + 150n * count * (count - 1n)}`;
  });
}
