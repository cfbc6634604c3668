/** All works in order as a Markdown table, for docs/benchmarks.md. */
import { cpus } from "node:os";
import type { Benchmark, BenchOptions, Measure } from "./measure.ts";
import { type Peer, peerNames } from "./peers/peers.ts";
import { judge } from "./requirements.ts";

interface Step {
  readonly name: string;
  /** Where it is not the one that was asked for. */
  readonly threads?: number;
  /** Those of the asked peers that matter here; all when it is left out. */
  readonly against?: readonly Peer[];
  /** Draws a chart and has no rows in the table; one round is enough. */
  readonly isChart?: boolean;
}

const steps: readonly Step[] = [
  { name: "ysb" },
  { name: "ysb", threads: 1, against: ["spark"] },
  { name: "ysb-variants", against: [] },
  { name: "threads" },
  { name: "memory", threads: 1 },
  { name: "memory" },
  { name: "wordcount" },
  { name: "range" },
  { name: "tpch" },
  { name: "groupby-keys" },
  { name: "sort" },
  { name: "closures" },
  { name: "state" },
  { name: "loop-delay" },
  { name: "latency" },
  { name: "startup" },
  { name: "linear", isChart: true },
];

export interface TableRow {
  readonly ours: Measure;
  readonly others: Measure[];
}

/** Runs everything and prints the table line by line, so that an interrupted run has shown what it measured. */
export async function printTable(
  benchmarks: Readonly<Record<string, Benchmark>>,
  options: BenchOptions,
  print: (line: string) => void,
): Promise<void> {
  print(`Node ${process.versions.node}, ${cpus().length} cores, median of ${options.rounds} rounds.\n`);
  print("| work | threads | Millrace | peak memory | against | must reach | |");
  print("|---|---|---|---|---|---|---|");
  for (const { name, threads = options.threads, against: peers = peerNames, isChart = false } of steps) {
    const against = new Set(peers.filter((peer) => options.against.has(peer)));
    const asked: BenchOptions = { ...options, threads, against, rounds: isChart ? 1 : options.rounds };
    try {
      for await (const row of rowsOf(benchmarks[name]!(asked))) if (!isChart) print(tableLine(row));
    } catch (error) {
      // The other rows are worth having.
      options.log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      print(`| ${name} | ${threads} | failed | | | | ✗ |`);
    }
  }
  print(
    "\nCosts grow as the rows do (`npm run bench -- linear`):\n\n![Seconds over rows, both axes logarithmic](linear.svg)",
  );
}

/** Puts the measures of other systems to the one of Millrace that they follow. */
async function* rowsOf(measures: AsyncIterable<Measure>): AsyncGenerator<TableRow> {
  let row: TableRow | undefined;
  for await (const measure of measures) {
    if (measure.system !== "millrace") {
      row?.others.push(measure);
      continue;
    }
    if (row !== undefined) yield row;
    row = { ours: measure, others: [] };
  }
  if (row !== undefined) yield row;
}

/** One work: Millrace's figure, how it stands to the others, and whether that is what must be reached. */
export function tableLine({ ours, others }: TableRow): string {
  const { asked, holds } = judge(ours, others);
  const cells = [
    ours.work,
    `${ours.threads}`,
    figure(ours),
    memory(ours),
    [...(ours.note === undefined ? [] : [ours.note]), ...others.map(comparison)].join("; "),
    asked,
    asked === "" ? "" : holds ? "✓" : "✗",
  ];
  return `| ${cells.join(" | ")} |`;
}

function figure(measure: Measure): string {
  const parts: string[] = [];
  if (measure.records_per_s !== undefined) parts.push(`${(measure.records_per_s / 1e6).toFixed(2)} M records/s`);
  if (measure.ms_p50 !== undefined) parts.push(`p50 ${measure.ms_p50} ms`);
  if (measure.ms_p99 !== undefined) parts.push(`p99 ${measure.ms_p99} ms`);
  return parts.join(", ");
}

function memory(measure: Measure): string {
  return measure.peak_rss_mb === undefined ? "" : `${measure.peak_rss_mb} MB`;
}

function comparison(measure: Measure): string {
  return `${measure.ratio} × ${measure.system} (${memory(measure)})`;
}
