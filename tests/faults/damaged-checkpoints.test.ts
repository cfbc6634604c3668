/** Files of a checkpoint that are torn, missing, foreign or flipped in single bits: refused by name, or the same result. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createSimulatedRuntime,
  MemoryStream,
  parseDdl,
  type SimulatedRuntime,
  verifyCheckpoint,
} from "millrace/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { countsIn, event, eventColumns, runCounts } from "./one-query.ts";

const units = [
  [event(5, "a"), event(10, "b")],
  [event(70, "a")],
  [event(130, "b"), event(15, "late")],
  [event(200, "a"), event(140, "a")],
];
const lastUnit = [event(1000, "end")];
const streamOf = (count: number): MemoryStream => {
  const stream = new MemoryStream(parseDdl(eventColumns));
  for (const rows of [...units, lastUnit].slice(0, count)) stream.add(rows);
  return stream;
};
const keepDeltas = { "spark.sql.streaming.stateStore.minDeltasForSnapshot": "50" };

/** Files on the disk after the first units, one batch or two for each, and what comes of them in the end. */
let files: ReadonlyMap<string, Uint8Array>;
let expected: readonly string[];
/** The same, but the process died in the last batch, after its state. */
let uncommitted: ReadonlyMap<string, Uint8Array>;

async function filesAfter(dieInLast: boolean): Promise<ReadonlyMap<string, Uint8Array>> {
  let runtime = createSimulatedRuntime(3);
  for (let count = 1; count <= units.length; count++) {
    const dies = dieInLast && count === units.length;
    const { fs } = runtime;
    await runCounts({
      runtime,
      stream: streamOf(count),
      conf: keepDeltas,
      onStep: (step) => {
        if (dies && step === "P8" && !fs.crashed) fs.crash("all");
      },
    }).catch(() => undefined);
    runtime = runtime.restart({ power: true, survive: "all" });
  }
  return new Map(runtime.fs.files());
}

beforeAll(async () => {
  files = await filesAfter(false);
  uncommitted = await filesAfter(true);
  const runtime = await machineWith(files);
  expect(await runCounts({ runtime, stream: streamOf(5), conf: keepDeltas })).toBe(null);
  expected = await countsIn(runtime);
  expect(expected.length).toBe(6);
});

async function machineWith(
  content: ReadonlyMap<string, Uint8Array>,
  change: (files: Map<string, Uint8Array>) => void = () => undefined,
): Promise<SimulatedRuntime> {
  const runtime = createSimulatedRuntime(5);
  const changed = new Map(content);
  change(changed);
  for (const [path, bytes] of changed) {
    if (path.includes("/lease/")) continue;
    const directory = path.slice(0, path.lastIndexOf("/"));
    await runtime.fs.apply([
      { op: "makeDirectory", path: directory },
      { op: "write", path, bytes },
    ]);
  }
  return runtime;
}

/** Starts the query on spoiled files: the class of its error, or what came of it. */
async function outcome(
  change: (files: Map<string, Uint8Array>) => void,
  content: ReadonlyMap<string, Uint8Array> = files,
): Promise<string> {
  const runtime = await machineWith(content, change);
  const error = await runCounts({ runtime, stream: streamOf(5), conf: keepDeltas });
  if (error !== null) return error;
  return JSON.stringify(await countsIn(runtime)) === JSON.stringify(expected) ? "the same result" : "another result";
}

/** The newest file of a log, or the newest delta. */
function newest(content: ReadonlyMap<string, Uint8Array>, directory: string, suffix = ""): string {
  const ids = [...content.keys()]
    .filter((path) => path.startsWith(`${directory}/`) && path.endsWith(suffix))
    .map((path) => Number.parseInt(path.slice(directory.length + 1), 10))
    .filter((id) => id >= 0);
  return `${directory}/${Math.max(...ids)}${suffix}`;
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const state = "/checkpoint/state/0/0";

describe("a log file", () => {
  test.each(["offsets", "commits"] as const)("of %s that is torn, empty, foreign or newer is refused", async (log) => {
    const path = newest(files, `/checkpoint/${log}`);
    const whole = files.get(path)!;
    const cuts = log === "commits" ? [0, 1, 5, whole.length - 1] : [0, 1, 2, 5, whole.length >> 1, whole.length - 2];
    for (const length of cuts) {
      const found = await outcome((all) => all.set(path, whole.slice(0, length)));
      expect(found, `${length} bytes of ${path}`).toBe("CHECKPOINT_LOG_CORRUPTED");
      fired(log === "offsets" ? "B1" : "B2");
    }
    expect(await outcome((all) => all.set(path, text("what is this?")))).toBe("CHECKPOINT_LOG_CORRUPTED");
    expect(await outcome((all) => all.set(path, text("v7\n{}\n{}")))).toBe("UNSUPPORTED_LOG_VERSION");
    fired("B4");
  });

  test("of a commit that is only its version is one of an old release", async () => {
    const path = newest(files, "/checkpoint/commits");
    expect(await outcome((all) => all.set(path, text("v1")))).toMatch(/result$/);
    fired("B2");
  });

  test("that is missing is refused, and so is a missing id of the query", async () => {
    const last = Number(newest(files, "/checkpoint/offsets").split("/").at(-1));
    expect(await outcome((all) => all.delete(`/checkpoint/offsets/${last - 1}`))).toBe("CHECKPOINT_BATCHES_MISSING");
    const gone = await outcome((all) => {
      for (const id of [last, last - 1]) all.delete(`/checkpoint/commits/${id}`);
    });
    expect(gone).toBe("CHECKPOINT_BATCHES_MISSING");
    fired("B3", 2);
    expect(await outcome((all) => all.delete("/checkpoint/metadata"))).toBe("CHECKPOINT_METADATA_MISSING");
    fired("B15");
  });
});

describe("a file of state", () => {
  test("that is torn or missing is refused when its batch is committed", async () => {
    const path = newest(files, state, ".delta");
    const whole = files.get(path)!;
    for (let length = 0; length < whole.length; length++) {
      const found = await outcome((all) => all.set(path, whole.slice(0, length)));
      expect(found, `${length} bytes`).toMatch(/^CANNOT_LOAD_STATE_STORE\./);
      fired("B5");
    }
    expect(await outcome((all) => all.delete(path))).toBe("CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS");
    fired("B6");
  });

  test("of a batch that is not committed is written again", async () => {
    const path = newest(uncommitted, state, ".delta");
    expect(Number.parseInt(path.slice(state.length + 1), 10)).toBe(
      Number(newest(uncommitted, "/checkpoint/commits").split("/").at(-1)) + 2,
    );
    const whole = uncommitted.get(path)!;
    for (const bytes of [new Uint8Array(0), whole.slice(0, 7), whole.slice(0, -1), text("foreign"), null]) {
      const found = await outcome(
        (all) => void (bytes === null ? all.delete(path) : all.set(path, bytes)),
        uncommitted,
      );
      expect(found).toBe("the same result");
      fired("B5");
    }
  });

  test("with a flipped bit is refused, or changes nothing", async () => {
    const paths = [...files.keys()].filter((path) => path.endsWith(".delta"));
    const seen = new Map<string, number>();
    for (const path of paths) {
      const whole = files.get(path)!;
      for (let bit = 0; bit < whole.length * 8; bit += 37) {
        const flipped = whole.slice();
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        const found = await outcome((all) => all.set(path, flipped));
        expect(found, `bit ${bit} of ${path}`).toMatch(/^CANNOT_LOAD_STATE_STORE\.|^the same result$/);
        seen.set(found, (seen.get(found) ?? 0) + 1);
        fired("B7");
      }
    }
    expect([...seen.keys()].filter((each) => each.startsWith("CANNOT")).length).toBeGreaterThan(0);
  });
});

/** Written by this release when MILLRACE_BLESS=1; a later one gets a file of its own. */
const releaseFile = join(import.meta.dirname, "fixtures/checkpoint-0.1.json");

test("a checkpoint of the first release goes on where it ended", async () => {
  if (process.env["MILLRACE_BLESS"] === "1") {
    const own = [...files].filter(([path]) => !path.includes("/lease/"));
    const texts = Object.fromEntries(own.map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]));
    writeFileSync(releaseFile, `${JSON.stringify(texts, null, 2)}\n`);
  }
  const stored = JSON.parse(readFileSync(releaseFile, "utf8")) as Readonly<Record<string, string>>;
  const content = new Map(Object.entries(stored).map(([path, base64]) => [path, Buffer.from(base64, "base64")]));
  const runtime = await machineWith(content);
  expect((await verifyCheckpoint(runtime.fs, "/checkpoint")).filter(({ severity }) => severity === "error")).toEqual(
    [],
  );
  expect(await runCounts({ runtime, stream: streamOf(5), conf: keepDeltas })).toBe(null);
  expect(await countsIn(runtime)).toEqual(expected);
  fired("E12");
});
