/** TPC-H's queries 1, 3 and 6 over Parquet files of scale 1 that DuckDB wrote. */
import { cacheDirectory } from "../cache.ts";
import { runChild } from "../child.ts";
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { generateTpch } from "./generate.ts";
import { smallAnswers } from "./oracle.ts";
import { smallRows } from "./small-rows.ts";

const job = new URL("./millrace-job.ts", import.meta.url);
const peers = { script: new URL("./peers.py", import.meta.url), systems: ["spark", "duckdb", "datafusion"] } as const;

/** Rows of lineitem at scale 1; every query reads all of them. */
const lineitemRows = 6_001_215;

export async function* tpch(options: BenchOptions): AsyncGenerator<Measure> {
  const directory = options.smoke ? await smallInput(options) : generateTpch(1, options.log);
  for (const query of ["q1", "q3", "q6"] as const) {
    yield* compare(options, {
      name: `tpch ${query}`,
      records: options.smoke ? smallRows.lineitem : lineitemRows,
      job,
      parameters: [directory, query],
      peers,
      ...(options.smoke && { oracle: () => smallAnswers()[query] }),
    });
  }
}

/** Millrace writes it, so that a smoke run needs no DuckDB. */
async function smallInput(options: BenchOptions): Promise<string> {
  const directory = `${cacheDirectory}/tpch-small`;
  await runChild(new URL("./small-input.ts", import.meta.url), [directory], options.log);
  return directory;
}
