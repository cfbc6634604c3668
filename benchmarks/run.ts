/**
 * npm run bench -- NAME … [--threads N] [--against spark,duckdb] [--json]
 *
 * Names: ysb, memory, latency, startup, batches, tpch, large, and smoke, which runs each of them on a small input.
 */
import { parseArgs } from "node:util";
import { batches } from "./batches/bench.ts";
import { large } from "./large/bench.ts";
import { latency } from "./latency/bench.ts";
import type { Benchmark, BenchOptions, Measure } from "./measure.ts";
import { startup } from "./startup/bench.ts";
import { tpch } from "./tpch/bench.ts";
import { ysb, ysbMemory } from "./ysb/bench.ts";

const benchmarks: Readonly<Record<string, Benchmark>> = {
  ysb,
  memory: ysbMemory,
  latency,
  startup,
  batches,
  tpch,
  large,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1" },
    against: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const names = positionals.flatMap((name) => (name === "smoke" ? Object.keys(benchmarks) : [name]));
const unknown = names.find((name) => !(name in benchmarks));
if (names.length === 0 || unknown !== undefined) {
  process.stderr.write(`${unknown === undefined ? "" : `no benchmark is named ${unknown}\n`}`);
  process.stderr.write(`usage: npm run bench -- NAME [--threads N] [--against spark,duckdb] [--json]\n`);
  process.stderr.write(`names: ${[...Object.keys(benchmarks), "smoke"].join(", ")}\n`);
  process.exit(2);
}
const options: BenchOptions = {
  threads: Number(values.threads),
  against: new Set(values.against.split(",").filter((peer) => peer !== "")),
  smoke: positionals.includes("smoke"),
  log: (line) => process.stderr.write(`${line}\n`),
};

function row(measure: Measure): string {
  const cells = [
    measure.work.padEnd(36),
    measure.system.padEnd(10),
    `${measure.threads} thr`,
    measure.records_per_s === undefined ? "" : `${(measure.records_per_s / 1e6).toFixed(2)} M records/s`,
    measure.ms_p50 === undefined ? "" : `p50 ${measure.ms_p50} ms`,
    measure.ms_p99 === undefined ? "" : `p99 ${measure.ms_p99} ms`,
    measure.peak_rss_mb === undefined ? "" : `${measure.peak_rss_mb} MB`,
    measure.note ?? "",
  ];
  return cells.filter((cell) => cell !== "").join("  ");
}

for (const name of names) {
  for await (const measure of benchmarks[name]!(options)) {
    const { note, ...machine } = measure;
    process.stdout.write(`${values.json ? JSON.stringify(machine) : row(measure)}\n`);
    if (values.json && note !== undefined) options.log(note);
  }
}
