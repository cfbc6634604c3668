/** A query that is changed between two runs: its sources change places, come and go, and its offsets stay with them. */
import { describe, expect, test } from "vitest";
import type { DataFrame, Schema } from "millrace";
import { MemoryStream, parseDdl } from "millrace/engine";
import { simulatedSession, type SimulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
interface Part {
  readonly stream: MemoryStream;
  readonly name?: string;
}

class World {
  readonly session: SimulatedSession;
  readonly rows: string[] = [];
  constructor(session: SimulatedSession) {
    this.session = session;
  }
  stream(format: string): MemoryStream {
    const stream = new MemoryStream(parseDdl("v STRING"));
    Object.defineProperty(stream, "names", { value: [format] });
    return stream;
  }
  /** Runs the union of some sources to its end; resolves to the rows that came. */
  async run(parts: readonly Part[], dedupe = true, fail = false): Promise<string[]> {
    const rows: string[] = [];
    const frames = parts.map(({ stream, name }) => {
      const reader = name === undefined ? this.session.spark.readStream : this.session.spark.readStream.name(name);
      return reader.from(stream, {}) as unknown as Frame;
    });
    const union = frames.reduce((all, frame) => all.union(frame) as Frame);
    const query = await (dedupe ? (union.dropDuplicates() as Frame) : union).writeStream
      .option("checkpointLocation", "/checkpoint")
      .foreachBatch(async (batch) => {
        for (const row of await batch.collect()) rows.push((row as { v: string }).v);
        if (fail) throw new Error("told to fail");
      })
      .trigger({ availableNow: true })
      .start();
    await query.awaitTermination();
    return rows.toSorted();
  }
  offsets(): string[] {
    const { fs } = this.session.runtime;
    const ids = [...fs.files().keys()].flatMap((path) => /^\/checkpoint\/offsets\/(\d+)$/.exec(path)?.[1] ?? []);
    const bytes = fs.files().get(`/checkpoint/offsets/${Math.max(...ids.map(Number))}`)!;
    return new TextDecoder().decode(bytes).split("\n").slice(2);
  }
}
async function world(): Promise<World> {
  return new World(await simulatedSession());
}

describe("sources that have names", () => {
  test("may be added, also in front: the others go on where they were, and the state stays", async () => {
    const w = await world();
    const [a, b] = [w.stream("m"), w.stream("m")];
    a.add([{ v: "a1" }]);
    expect(await w.run([{ stream: a, name: "a" }])).toEqual(["a1"]);
    a.add([{ v: "a2" }]);
    b.add([{ v: "b1" }, { v: "a1" }]);
    expect(
      await w.run([
        { stream: b, name: "b" },
        { stream: a, name: "a" },
      ]),
    ).toEqual(["a2", "b1"]);
    expect(w.offsets()).toEqual(["1", "0"]);
  });

  test("may be removed; one that comes back goes on where it stopped", async () => {
    const w = await world();
    const [a, b] = [w.stream("m"), w.stream("m")];
    const both = [
      { stream: a, name: "a" },
      { stream: b, name: "b" },
    ];
    a.add([{ v: "a1" }]);
    b.add([{ v: "b1" }]);
    expect(await w.run(both, false)).toEqual(["a1", "b1"]);
    a.add([{ v: "a2" }]);
    b.add([{ v: "b2" }]);
    expect(await w.run([both[1]!], false)).toEqual(["b2"]);
    expect(w.offsets()).toEqual(["0", "1"]);
    expect(await w.run(both, false)).toEqual(["a2"]);
  });

  test("may be given to sources that had none", async () => {
    const w = await world();
    const stream = w.stream("m");
    stream.add([{ v: "1" }]);
    await w.run([{ stream }], false);
    stream.add([{ v: "2" }]);
    expect(await w.run([{ stream, name: "numbers" }], false)).toEqual(["2"]);
    expect(await w.run([{ stream }], false)).toEqual([]);
  });

  test("must be different, and plain words", async () => {
    const w = await world();
    const [a, b] = [w.stream("m"), w.stream("m")];
    const twice = w.run([
      { stream: a, name: "a" },
      { stream: b, name: "a" },
    ]);
    await expect(twice).rejects.toMatchObject({ errorClass: "STREAMING_QUERY_EVOLUTION_ERROR.DUPLICATE_SOURCE_NAMES" });
    await expect(w.run([{ stream: a, name: "a b" }])).rejects.toMatchObject({
      errorClass: "STREAMING_QUERY_EVOLUTION_ERROR.INVALID_SOURCE_NAME",
    });
  });
});

test("sources that read different things may change places", async () => {
  const w = await world();
  const [a, b] = [w.stream("one"), w.stream("two")];
  a.add([{ v: "a1" }]);
  a.add([{ v: "a2" }]);
  b.add([{ v: "b1" }]);
  await w.run([{ stream: a }, { stream: b }], false);
  b.add([{ v: "b2" }]);
  expect(await w.run([{ stream: b }, { stream: a }], false)).toEqual(["b2"]);
  expect(w.offsets()).toEqual(["1", "1"]);
});

describe("refused before anything is written", () => {
  const files = (w: World): string[] =>
    [...w.session.runtime.fs.files().keys()].filter((path) => !path.includes("/lease/"));
  test.each<[string, (w: World) => readonly Part[]]>([
    ["CHECKPOINT_SOURCE_COUNT_CHANGED", (w) => [{ stream: w.stream("one") }, { stream: w.stream("two") }]],
    ["CHECKPOINT_SOURCE_CHANGED", (w) => [{ stream: w.stream("two") }]],
    ["CHECKPOINT_SOURCE_COUNT_CHANGED", (w) => [{ stream: w.stream("two"), name: "two" }]],
  ])("%s: a source without a name that is gone or new", async (errorClass, parts) => {
    const w = await world();
    const stream = w.stream("one");
    stream.add([{ v: "1" }]);
    await w.run([{ stream }]);
    const before = files(w);
    await expect(w.run(parts(w))).rejects.toMatchObject({ errorClass });
    expect(files(w)).toEqual(before);
  });

  test("CHECKPOINT_SOURCE_CHANGED: the name of something else", async () => {
    const w = await world();
    await w.run([{ stream: w.stream("one"), name: "a" }]).catch(() => undefined);
    const stream = w.stream("one");
    stream.add([{ v: "1" }]);
    await w.run([{ stream, name: "a" }]);
    await expect(w.run([{ stream: w.stream("two"), name: "a" }])).rejects.toMatchObject({
      errorClass: "CHECKPOINT_SOURCE_CHANGED",
    });
  });

  test("CHECKPOINT_SOURCE_REMOVED_IN_BATCH: a batch that is to be repeated needs the source", async () => {
    const w = await world();
    const [a, b] = [w.stream("m"), w.stream("m")];
    const both = [
      { stream: a, name: "a" },
      { stream: b, name: "b" },
    ];
    b.add([{ v: "b1" }]);
    await w.run(both, false);
    a.add([{ v: "a1" }]);
    await expect(w.run(both, false, true)).rejects.toMatchObject({ errorClass: "STREAM_FAILED" });
    await expect(w.run([both[1]!], false)).rejects.toMatchObject({ errorClass: "CHECKPOINT_SOURCE_REMOVED_IN_BATCH" });
    expect(await w.run([both[0]!], false)).toEqual(["a1"]);
    expect(await w.run(both, false)).toEqual([]);
  });
});
