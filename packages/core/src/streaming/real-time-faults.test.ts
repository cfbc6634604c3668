/** The trigger `realTime` when the process dies at a step of a batch, or its source or sink fails: what comes again, and what does not. */
import { expect, test } from "vitest";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";
import { SimulatedCrash } from "../runtime/simulated/index.ts";
import type { RealTimeSinkBatch, RealTimeWrite } from "../sinks/contract.ts";
import type { OffsetJson, ReadLimit, SourceSplit } from "../sources/contract.ts";
import { Harness, type Table, TableSink, TopicSource } from "./streaming.test-support.ts";

/** Told what happens next; throws to have it fail. */
type Happening = (what: string) => void;

class WatchedSource extends TopicSource {
  readonly #happens: Happening;
  constructor(world: Harness, happens: Happening) {
    super(world.topic, { notifies: true });
    this.#happens = happens;
  }
  override async latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null> {
    this.#happens("source latest");
    return super.latestOffset(start, limit);
  }
  override async *read(split: SourceSplit): ReturnType<TopicSource["read"]> {
    this.#happens("source read");
    yield* super.read(split);
  }
}

class WatchedSink extends TableSink {
  readonly #happens: Happening;
  constructor(table: Table, happens: Happening) {
    super(table);
    this.#happens = happens;
  }
  override beginRealTime(batch: RealTimeSinkBatch): RealTimeWrite {
    const whole = super.beginRealTime(batch);
    return {
      get numOutputRows() {
        return whole.numOutputRows;
      },
      write: async (rows, partition) => {
        this.#happens("sink write");
        await whole.write(rows, partition);
      },
      end: async () => {
        this.#happens("sink end");
        await whole.end();
      },
      abort: (reason) => whole.abort(reason),
    };
  }
}

interface Played {
  readonly world: Harness;
  readonly happened: readonly string[];
  /** Of each run after the first: what was committed and logged when it began, in rows; and its first line at the sink. */
  readonly again: readonly { readonly committed: number; readonly logged: number; readonly from: number }[];
  readonly failures: readonly unknown[];
}

/** The number of rows up to which the newest entry of a log goes; a commit is as far as the offsets of its batch. */
function reached(world: Harness, log: "offsets" | "commits"): number {
  const files = world.runtime.fs.files();
  const ids = [...files.keys()].flatMap((path) => /^\/checkpoint\/(\w+)\/(\d+)$/.exec(path)?.slice(1) ?? []);
  const newest = Math.max(-1, ...ids.flatMap((name, i) => (i % 2 === 0 && name === log ? [Number(ids[i + 1])] : [])));
  const bytes = files.get(`/checkpoint/offsets/${newest}`);
  return bytes === undefined ? 0 : Number(new TextDecoder().decode(bytes).split("\n")[2]);
}

/** Three batches of two portions each. The happening with the number fails: steps by the death of the process. */
async function play(failsAt: number): Promise<Played> {
  const world = new Harness();
  const happened: string[] = [];
  const again: Played["again"][number][] = [];
  const failures: unknown[] = [];
  let crashed = false;
  const happens: Happening = (what) => {
    happened.push(what);
    if (happened.length - 1 !== failsAt) return;
    if (!what.startsWith("step")) throw new Error(`boom at ${what}`);
    crashed = true;
    world.runtime.fs.crash("none");
    throw new SimulatedCrash(-1);
  };
  for (;;) {
    try {
      const query = await world.start({
        trigger: { kind: "realTime", durationMs: 60_000 },
        outputMode: "update",
        onStep: (step) => happens(`step ${step}`),
        openSource: async () => new WatchedSource(world, happens),
        openSink: async () => new WatchedSink(world.table, happens),
      });
      for (let turn = 0; reached(world, "commits") < 6; turn++) {
        if (turn > 9) throw new Error("the query does not come to its end");
        // Rows that came before a failure are still there; a batch that is over ends at an even number of them.
        if (world.topic.rows.length % 2 === 0 && world.topic.rows.length < 6) {
          world.topic.add([`r${world.topic.rows.length}`, 1]);
        }
        await world.runtime.clock.advance(10);
        if (world.topic.rows.length % 2 === 1) world.topic.add([`r${world.topic.rows.length}`, 1]);
        await query.processAllAvailable();
      }
      await query.stop();
      return { world, happened, again, failures };
    } catch (error) {
      if (failures.length > 0) throw error;
      failures.push(error);
      if (crashed) world.restart();
      again.push({
        committed: reached(world, "commits"),
        logged: reached(world, "offsets"),
        from: world.table.live.length,
      });
    }
  }
}

const numberOf = (line: string): number => Number(/^r(\d)/.exec(line)![1]);

test("whatever fails at whatever moment: no row is lost, and what comes again begins where the last batch ended", async () => {
  const golden = await play(-1);
  expect(golden.failures).toEqual([]);
  expect(golden.world.table.live.filter((line) => line.startsWith("end"))).toEqual(["end 0", "end 1", "end 2"]);
  const seen = new Map<string, number>();
  // After the last batch there is nothing that could come again.
  const last = golden.happened.lastIndexOf("step P10");
  for (let at = 0; at <= last; at++) {
    const { world, happened, again, failures } = await play(at);
    const what = happened[at]!;
    const label = `${what}, happening ${at}`;
    expect(failures, label).toHaveLength(1);
    const { live } = world.table;
    const rows = live.filter((line) => line.startsWith("r"));
    expect([...new Set(rows.map(numberOf))].sort(), label).toEqual([0, 1, 2, 3, 4, 5]);
    const [{ committed, logged, from }] = again as [Played["again"][number]];
    const after = live.slice(from);
    const ends = after.findIndex((line) => line.startsWith("end"));
    const repeated = after.slice(0, ends).map(numberOf);
    // The first row that comes is the first that was not committed, and rows come in order.
    expect(repeated, label).toEqual(repeated.map((_, i) => committed + i));
    if (logged > committed) {
      // The batch has its number and its rows, and no other.
      expect([committed + repeated.length, after[ends]], label).toEqual([logged, `end ${committed / 2}`]);
    }
    if (what.startsWith("step")) {
      fired(logged > committed ? "A14" : "A13");
    } else {
      expect(failures[0], label).toMatchObject({ errorClass: "STREAM_FAILED", cause: { message: `boom at ${what}` } });
      // Rows that the sink had taken are given up by name.
      const taken = live.slice(0, from).findLastIndex((line) => line.startsWith("end")) + 1;
      const open = live.slice(taken, from);
      if (open.length > 0) expect(open.at(-1), label).toMatch(/^abort/);
      fired(what.startsWith("sink") ? "F9" : "D18");
    }
    seen.set(what, (seen.get(what) ?? 0) + 1);
  }
  for (const what of ["step P0", "step P1", "step P6", "step P2", "step P3", "step P8", "step P9", "step P10"]) {
    expect(seen.get(what), what).toBeGreaterThanOrEqual(3);
  }
  for (const what of ["source latest", "source read", "sink write", "sink end"]) {
    expect(seen.get(what), what).toBeGreaterThanOrEqual(3);
  }
}, 60_000);

test("an end that the sink does not answer is ended again, with the same rows", async () => {
  const { happened } = await play(-1);
  const { world, again } = await play(happened.indexOf("sink end"));
  expect(again[0]).toMatchObject({ committed: 0, logged: 2 });
  expect(world.table.live.slice(0, 6)).toEqual([
    "r0 1000000",
    "r1 1000000",
    "abort 0",
    "r0 1000000",
    "r1 1000000",
    "end 0",
  ]);
});
