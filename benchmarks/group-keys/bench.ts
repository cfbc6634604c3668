/** A group for each of 10 M distinct strings; every key comes twice. */
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";

export async function* groupKeys(options: BenchOptions): AsyncGenerator<Measure> {
  const keys = options.smoke ? 100_000 : 10_000_000;
  yield* compare(options, {
    name: "groupby-keys",
    records: 2 * keys,
    job: new URL("./millrace-job.ts", import.meta.url),
    parameters: [`${keys}`],
    peers: { script: new URL("./peers.py", import.meta.url), systems: ["spark", "duckdb", "polars", "datafusion"] },
    oracle: () => [answer(keys)],
  });
}

/** Number of groups, rows, sum of the squared counts, sum of the lengths of the keys. */
function answer(keys: number): string {
  let lengths = 0;
  for (let from = 1, digits = 1; from <= keys; from *= 10, digits++) {
    const first = from === 1 ? 0 : from;
    lengths += (Math.min(keys, from * 10) - first) * ("user-".length + digits);
  }
  return `${keys}|${2 * keys}|${4 * keys}|${lengths}`;
}
