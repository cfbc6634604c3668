/** `npm run bench -- NAME … [options]`, see {@link usage}. */
import { parseArgs } from "node:util";
import { batches } from "./batches/bench.ts";
import { closures } from "./closures/bench.ts";
import { groupKeys } from "./group-keys/bench.ts";
import { large } from "./large/bench.ts";
import { latency } from "./latency/bench.ts";
import type { Benchmark, BenchOptions, Measure } from "./measure.ts";
import { type Peer, peerNames } from "./peers/peers.ts";
import { linear } from "./linear/bench.ts";
import { loopDelay } from "./loop-delay/bench.ts";
import { range } from "./range/bench.ts";
import { soak } from "./soak/bench.ts";
import { sort } from "./sort/bench.ts";
import { state } from "./state/bench.ts";
import { startup } from "./startup/bench.ts";
import { printTable } from "./table.ts";
import { tpch } from "./tpch/bench.ts";
import { wordcount } from "./wordcount/bench.ts";
import { threads, ysb, ysbMemory, ysbVariants } from "./ysb/bench.ts";

const benchmarks: Readonly<Record<string, Benchmark>> = {
  ysb,
  "ysb-variants": ysbVariants,
  threads,
  memory: ysbMemory,
  wordcount,
  range,
  tpch,
  "groupby-keys": groupKeys,
  sort,
  closures,
  "loop-delay": loopDelay,
  linear,
  latency,
  startup,
  state,
  batches,
  large,
  soak,
};

const usage = `usage: npm run bench -- NAME … [--threads N] [--against ${peerNames.join(",")}] [--runs N] [--rounds N] [--count N] [--minutes N] [--json]
names: ${Object.keys(benchmarks).join(", ")}, smoke (all of them on small input), table (all of them as a Markdown table)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "2" },
    against: { type: "string", default: "" },
    runs: { type: "string", default: "5" },
    rounds: { type: "string", default: "1" },
    count: { type: "string" },
    minutes: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
  },
});
const asked = positionals.filter((name) => name !== "smoke" && name !== "table");
const names = positionals.includes("smoke") ? Object.keys(benchmarks) : asked;
const against = values.against.split(",").filter((peer) => peer !== "") as Peer[];
const unknown = names.find((name) => !(name in benchmarks)) ?? against.find((peer) => !peerNames.includes(peer));
if (positionals.length === 0 || unknown !== undefined) {
  process.stderr.write(`${unknown === undefined ? "" : `unknown: ${unknown}\n`}${usage}`);
  process.exit(2);
}
const smoke = positionals.includes("smoke");
const options: BenchOptions = {
  threads: Number(values.threads),
  against: new Set(against),
  rounds: Number(values.rounds),
  runs: smoke ? 1 : Number(values.runs),
  count: values.count === undefined ? undefined : Number(values.count),
  minutes: Number(values.minutes),
  json: values.json,
  smoke,
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
    measure.cpu_s === undefined ? "" : `${measure.cpu_s} CPU s`,
    measure.peak_rss_mb === undefined ? "" : `${measure.peak_rss_mb} MB`,
    measure.ratio === undefined || measure.system === "millrace" ? "" : `Millrace is ${measure.ratio} × as fast`,
    measure.note ?? "",
  ];
  return cells.filter((cell) => cell !== "").join("  ");
}

/** The same fields in the same order for every benchmark. */
function machineLine({ work, system, threads: n, records_per_s, ms_p50, ms_p99, peak_rss_mb }: Measure): string {
  return JSON.stringify({ work, system, threads: n, records_per_s, ms_p50, ms_p99, peak_rss_mb });
}

if (positionals.includes("table")) {
  await printTable(benchmarks, options, (line) => process.stdout.write(`${line}\n`));
}
for (const name of names) {
  for await (const measure of benchmarks[name]!(options)) {
    process.stdout.write(`${values.json ? machineLine(measure) : row(measure)}\n`);
  }
}
