/** Streams with state: what it costs to keep something for each key, and to find it again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "../child.ts";
import { assertEqual, compare, type Work } from "../compare.ts";
import { type BenchOptions, type Measure, median, percentile, rounded } from "../measure.ts";
import { generateKeyedEvents } from "./keyed-events.ts";
import type { LargeStateResult } from "./large-state-job.ts";
import { generateRepeatedEvents } from "./repeated-events.ts";
import { generateTwoStreams } from "./two-streams.ts";

/** With `--count N` only what depends on it. */
export async function* state(options: BenchOptions): AsyncGenerator<Measure> {
  if (options.count === undefined) {
    yield* deduplication(options);
    yield* transformWithState(options);
    yield* streamJoin(options);
    yield* manyKeys(options);
  }
  yield* largeState(options);
}

/** Each id once, within the watermark: keys come and go all the time. */
async function* deduplication(options: BenchOptions): AsyncGenerator<Measure> {
  const events = options.smoke ? 80_000 : 4_000_000;
  const { directory, answer } = await generateRepeatedEvents(events, options.log);
  yield* compare(options, {
    name: "deduplication",
    records: events,
    job: new URL("./dedup-job.ts", import.meta.url),
    parameters: [directory],
    peers: { script: new URL("./dedup-peers.py", import.meta.url), systems: ["spark"] },
    oracle: () => [answer],
  });
}

/** Spark's Python API talks to the state through a socket, once and again for each key: it is given fewer of them. */
async function* transformWithState(options: BenchOptions): AsyncGenerator<Measure> {
  const few = options.smoke ? 1000 : 20_000;
  yield* runningTotals(options, "transform-with-state", options.smoke ? 10_000 : 1_000_000);
  if (!options.against.has("spark")) return;
  yield* runningTotals({ ...options, runs: Math.min(options.runs, 2) }, "transform-with-state, few users", few, {
    script: new URL("./transform-with-state-peers.py", import.meta.url),
    systems: ["spark"],
    arrow: true,
  });
}

async function* runningTotals(
  options: BenchOptions,
  name: string,
  users: number,
  peers?: NonNullable<Work["peers"]>,
): AsyncGenerator<Measure> {
  const { directory, events, files } = await generateKeyedEvents(users, 4, options.log);
  let amount = 0;
  for (let file = 0; file < files; file++) for (let i = 0; i < users; i++) amount += (i + file) % 100;
  yield* compare(options, {
    name,
    records: events,
    job: new URL("./transform-with-state-job.ts", import.meta.url),
    parameters: [directory],
    oracle: () => [`${users}|${events}|${amount}`],
    ...(peers === undefined ? {} : { peers }),
  });
}

/** Two streams joined by a key and a second of time: the rows of a key that lie outside of it cost nothing. */
async function* streamJoin(options: BenchOptions): AsyncGenerator<Measure> {
  const events = options.smoke ? 4000 : 1_000_000;
  const input = generateTwoStreams(events, options.log);
  yield* compare(
    { ...options, runs: Math.min(options.runs, 3) },
    {
      name: "stream-join",
      records: 2 * events,
      job: new URL("./join-job.ts", import.meta.url),
      parameters: [input.shown, input.clicked],
      peers: { script: new URL("./join-peers.py", import.meta.url), systems: ["spark"] },
    },
  );
}

interface ManyKeysResult {
  readonly restartMs: number;
  readonly commitMs: readonly number[];
  readonly milliseconds: readonly number[];
  readonly keys: number;
  readonly updated: number;
  readonly peakRssMb: number;
}

/** What a large state costs that hardly changes. */
async function* manyKeys(options: BenchOptions): AsyncGenerator<Measure> {
  const [keys, changed, batches] = options.smoke ? [20_000, 1000, 15] : [10_000_000, 1000, 40];
  const job = new URL("./many-keys-job.ts", import.meta.url);
  const result = await runChild<ManyKeysResult>(job, [`${keys}`, `${changed}`, `${batches}`], options.log);
  assertEqual("many-keys", "the oracle", [`${result.keys}|${result.updated}`], [`${keys}|${changed}`]);
  const common = { system: "millrace", threads: 2, peak_rss_mb: result.peakRssMb };
  const times = (all: readonly number[]): Pick<Measure, "ms_p50" | "ms_p99"> => {
    const sorted = all.toSorted((a, b) => a - b);
    return { ms_p50: rounded(percentile(sorted, 0.5)), ms_p99: rounded(percentile(sorted, 0.99)) };
  };
  const note = `${keys} keys, ${changed} of them in a batch`;
  yield { work: "many-keys, restart", ...common, ms_p50: rounded(result.restartMs), note };
  yield { work: "many-keys, commit", ...common, ...times(result.commitMs), note };
  yield { work: "many-keys, batch", ...common, ...times(result.milliseconds), note };
}

const diskProvider = "@millrace/state-disk";
/** Above it, state is kept on disk only. */
const mostInMemory = 10_000_000;

/** State of many keys (`--count N`): how fast it grows, what a batch of a thousand keys costs then, and a restart. */
async function* largeState(options: BenchOptions): AsyncGenerator<Measure> {
  const keys = options.smoke ? 20_000 : (options.count ?? mostInMemory);
  for (const provider of keys > mostInMemory ? [diskProvider] : ["memory", diskProvider]) {
    const directory = mkdtempSync(join(tmpdir(), "millrace-large-state-"));
    const run = (part: "load" | "restart"): Promise<LargeStateResult> =>
      runChild(new URL("./large-state-job.ts", import.meta.url), [provider, `${keys}`, directory, part], options.log);
    const common = { system: "millrace", threads: 1 };
    const name = `${keys / 1e6} M keys ${provider === "memory" ? "in memory" : "on disk"}`;
    try {
      const load = await run("load");
      if (load.keys !== keys) throw new Error(`the state has ${load.keys} keys of ${keys}`);
      const [begin, end] = [load.batchMs.slice(5, 10), load.batchMs.slice(-5)].map((all) => Math.round(median(all)));
      yield {
        ...common,
        work: `${name}: load`,
        records_per_s: Math.round(keys / load.seconds),
        cpu_s: rounded(load.cpuSeconds),
        peak_rss_mb: load.peakRssMb,
        note: `batches of ${keys / 50} keys: ${begin} ms at first, ${end} ms in the end`,
      };
      const again = await run("restart");
      yield commitOf(`${name}: commit of 1,000 of them`, again);
      yield { ...common, work: `${name}: restart`, ...restarted(again) };
      if (provider === "memory") continue;
      rmSync(join(directory, "local"), { recursive: true });
      yield { ...common, work: `${name}: restart without the local disk`, ...restarted(await run("restart")) };
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
}

/** What it takes to make the state of a batch durable. The first batch, which loads the state, does not count. */
function commitOf(work: string, { batchMs, commitMs, peakRssMb }: LargeStateResult): Measure {
  const commits = commitMs.slice(1).toSorted((a, b) => a - b);
  return {
    work,
    system: "millrace",
    threads: 1,
    ms_p50: rounded(median(commits)),
    ms_p99: rounded(commits.at(-1)!, 1),
    peak_rss_mb: peakRssMb,
    note: `the whole batch: ${median(batchMs.slice(1))} ms`,
  };
}

function restarted({
  firstBatchSeconds,
  peakRssMb,
}: LargeStateResult): Pick<Measure, "ms_p50" | "peak_rss_mb" | "note"> {
  return {
    ms_p50: Math.round(1000 * firstBatchSeconds),
    peak_rss_mb: peakRssMb,
    note: "until the first batch is done",
  };
}
