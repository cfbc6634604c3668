/** A query is changed between two runs: its operators with state are known by their names, and their state stays with them. */
import { describe, expect, test } from "vitest";
import { count, type DataFrame, type Schema } from "millrace";
import { describeCheckpoint, MemoryStream, parseDdl, verifyCheckpoint } from "millrace/engine";
import { simulatedSession, type SimulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
const frame = (df: unknown): Frame => df as Frame;

class World {
  readonly session: SimulatedSession;
  readonly stream = new MemoryStream(parseDdl("k STRING, n INT"));
  constructor(session: SimulatedSession) {
    this.session = session;
  }
  /** Adds rows, runs the query to its end, and gives what came. */
  async run(
    build: (events: Frame) => Frame,
    rows: readonly (readonly [k: string, n: number])[] = [],
    options: { readonly mode?: "append" | "update"; readonly sink?: string; readonly fail?: boolean } = {},
  ): Promise<string[]> {
    this.stream.add(rows.map(([k, n]) => ({ k, n })));
    const events = frame(this.session.spark.readStream.from(this.stream, {}));
    const seen: string[] = [];
    const writer = build(events)
      .writeStream.outputMode(options.mode ?? "append")
      .option("checkpointLocation", "/checkpoint")
      .foreachBatch(async (batch) => {
        if (options.fail === true) throw new Error("told to fail");
        for (const row of await batch.collect()) seen.push(Object.values(row).map(String).join(" "));
      })
      .trigger({ availableNow: true });
    if (options.sink !== undefined) writer.name(options.sink);
    const query = await writer.start();
    await query.awaitTermination();
    return seen.toSorted();
  }
  get facts(): unknown {
    const bytes = this.session.runtime.fs.files().get("/checkpoint/_engine/facts")!;
    return JSON.parse(new TextDecoder().decode(bytes));
  }
}
const world = async (): Promise<World> => new World(await simulatedSession());
const dedupe = (df: Frame, name: string, ...columns: string[]): Frame =>
  frame(df.dropDuplicates(...(columns as never[])).named(name));

describe("operators that have names", () => {
  test("keep their state when another one comes below or above them; the new one begins empty", async () => {
    const w = await world();
    const one = (e: Frame): Frame => dedupe(e, "pairs");
    expect(
      await w.run(one, [
        ["a", 1],
        ["a", 2],
      ]),
    ).toEqual(["a 1", "a 2"]);
    const both = (e: Frame): Frame => dedupe(dedupe(e, "pairs"), "users", "k");
    // A pair that was seen does not come again; of the others the first of each user does.
    expect(
      await w.run(both, [
        ["a", 1],
        ["b", 1],
        ["b", 2],
      ]),
    ).toEqual(["b 1"]);
    expect(w.facts).toMatchObject({ operatorNames: { 0: "pairs", 1: "users" } });
    expect(
      await w.run(both, [
        ["b", 3],
        ["c", 3],
      ]),
    ).toEqual(["c 3"]);
    expect(await verifyCheckpoint(w.session.runtime.fs, "/checkpoint")).toEqual([]);
  });

  test("may change places", async () => {
    const w = await world();
    await w.run((e) => dedupe(dedupe(e, "pairs"), "users", "k"), [["a", 1]]);
    const swapped = (e: Frame): Frame => dedupe(dedupe(e, "users", "k"), "pairs");
    expect(
      await w.run(swapped, [
        ["a", 2],
        ["b", 1],
      ]),
    ).toEqual(["b 1"]);
  });

  test("may be removed; one that comes back begins anew", async () => {
    const w = await world();
    const both = (e: Frame): Frame => dedupe(dedupe(e, "pairs"), "users", "k");
    const alone = (e: Frame): Frame => dedupe(e, "pairs");
    await w.run(both, [["a", 1]]);
    expect(
      await w.run(alone, [
        ["a", 1],
        ["a", 2],
      ]),
    ).toEqual(["a 2"]);
    expect(w.facts).toMatchObject({ operatorNames: { 1: "pairs" }, removedOperators: [0] });
    expect(await verifyCheckpoint(w.session.runtime.fs, "/checkpoint")).toEqual([]);
    expect(await w.run(both, [["a", 3]])).toEqual(["a 3"]);
    expect(w.facts).toMatchObject({ operatorNames: { 1: "pairs", 2: "users" }, removedOperators: [0] });
  });

  test("may get their names later, and lose them", async () => {
    const w = await world();
    await w.run((e) => frame(e.dropDuplicates("k")), [["a", 1]]);
    expect(
      await w.run(
        (e) => dedupe(e, "users", "k"),
        [
          ["a", 2],
          ["b", 1],
        ],
      ),
    ).toEqual(["b 1"]);
    expect(await w.run((e) => frame(e.dropDuplicates("k")), [["b", 2]])).toEqual([]);
  });

  test("are refused without a name where the number or kind changes", async () => {
    const w = await world();
    await w.run((e) => dedupe(frame(e.dropDuplicates("k")), "pairs"), [["a", 1]]);
    const refused = { errorClass: "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA" };
    await expect(w.run((e) => dedupe(e, "pairs"))).rejects.toMatchObject(refused);
    await expect(w.run((e) => frame(dedupe(frame(e.dropDuplicates("k")), "pairs").limit(3)))).rejects.toMatchObject(
      refused,
    );
  });

  test("a batch that failed is repeated with the added operator, over a crash in between", async () => {
    const w = await world();
    await w.run((e) => dedupe(e, "pairs"), [["a", 1]]);
    const both = (e: Frame): Frame => dedupe(dedupe(e, "pairs"), "users", "k");
    await w
      .run(
        both,
        [
          ["a", 1],
          ["b", 1],
          ["b", 2],
        ],
        { fail: true },
      )
      .catch(() => undefined);
    expect(await w.run(both)).toEqual(["b 1"]);
    expect(await w.run(both, [["b", 3]])).toEqual([]);
  });

  test("are found by them: by query.state, and by those who describe the checkpoint", async () => {
    const w = await world();
    w.stream.add([{ k: "a", n: 1 }]);
    const events = frame(w.session.spark.readStream.from(w.stream, {}));
    const query = await frame(
      events
        .groupBy("k")
        .agg(() => ({ rows: count() }))
        .named("per_key")
        .filter("rows > 0"),
    )
      .writeStream.outputMode("update")
      .format("noop")
      .option("checkpointLocation", "/checkpoint")
      .start();
    await query.processAllAvailable();
    expect(await query.state("per_key").selectExpr("key.k", "value.count").collect()).toEqual([{ k: "a", count: 1 }]);
    expect(() => query.state("stateStoreSave")).toThrow("per_key");
    await query.stop();
    const { operatorNames } = await describeCheckpoint(w.session.runtime.fs, "/checkpoint");
    expect([...operatorNames]).toEqual([[0, "per_key"]]);
  });

  test("must be different, plain words, and given to something with state", async () => {
    const w = await world();
    await expect(w.run((e) => dedupe(dedupe(e, "a"), "a", "k"), [["a", 1]])).rejects.toMatchObject({
      errorClass: "STATEFUL_OPERATOR_NAME.DUPLICATE",
    });
    await expect(w.run((e) => frame(e.filter("n > 0").named("a")))).rejects.toMatchObject({
      errorClass: "STATEFUL_OPERATOR_NAME.NO_STATE",
    });
    expect(() => w.session.spark.range(3).named("a b")).toThrow(
      expect.objectContaining({ errorClass: "STATEFUL_OPERATOR_NAME.INVALID" }),
    );
    expect(await w.session.spark.range(3).distinct().named("nothing").count()).toBe(3);
  });
});

test("a sink is recorded by its name or by where it writes, and may change", async () => {
  const w = await world();
  const all = (e: Frame): Frame => e;
  await w.run(all, [["a", 1]]);
  expect(w.facts).toMatchObject({ sink: { name: null, writes: "foreachBatch" } });
  expect(await w.run(all, [["b", 1]], { sink: "alerts" })).toEqual(["b 1"]);
  expect(w.facts).toMatchObject({ sink: { name: "alerts", writes: "foreachBatch" } });
});
