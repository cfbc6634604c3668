/** A key that is erased from a checkpoint: a search of the decompressed and decrypted files finds it before, and not after. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, expr, type DataFrame, type Schema } from "millrace";
import {
  applyRepair,
  checkpointFileSystem,
  createSimulatedRuntime,
  eraseKey,
  type EraseRequest,
  type ErasureReport,
  type Fault,
  type FileSystem,
  loadCheckpointKeys,
  MemoryStream,
  parseDdl,
  planRepair,
  repartitionCheckpoint,
  type Runtime,
  type SimulatedRuntime,
  verifyCheckpoint,
} from "millrace/engine";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { decodeLz4Blocks } from "../../packages/core/src/state/lz4-block.ts";
import { simulatedSession } from "./simulated-session.ts";

type Frame = DataFrame<Schema>;
type Row = Readonly<Record<string, unknown>>;
const conf = {
  "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2",
  "spark.sql.streaming.noDataMicroBatches.enabled": "false",
};
const user = "grace.hopper@example.com";

/** Paths of the files under /checkpoint that hold a text, when they are decompressed. */
async function filesWith(fs: FileSystem, text: string, directory = "/checkpoint"): Promise<string[]> {
  const found: string[] = [];
  for (const { name, kind } of await fs.list(directory)) {
    const path = `${directory}/${name}`;
    if (kind === "directory") found.push(...(await filesWith(fs, text, path)));
    else {
      const bytes = await fs.readFile(path);
      const content = /\.(?:delta|snapshot)$/.test(name) ? decodeLz4Blocks(bytes) : bytes;
      if (Buffer.from(content).includes(text)) found.push(path);
    }
  }
  return found;
}
const kinds = (paths: readonly string[]): string[] =>
  [...new Set(paths.map((path) => /\.(delta|snapshot)$/.exec(path)?.[1] ?? path.split("/")[2]!))].toSorted();

/** A query over rows that come in batches, continued in `/checkpoint` by each call; gives what the last batch gave out. */
async function feed(
  runtime: SimulatedRuntime,
  ddl: string,
  batches: readonly (readonly Row[])[],
  query: (rows: Frame) => Frame,
  options: {
    readonly mode?: "append" | "update" | "complete";
    readonly keys?: string;
    readonly before?: readonly (readonly Row[])[];
  } = {},
): Promise<Row[]> {
  const more = options.keys === undefined ? {} : { "millrace.checkpoint.encryption.keys": options.keys };
  await using session = await simulatedSession(runtime, { ...conf, ...more });
  const stream = new MemoryStream(parseDdl(ddl));
  // What the checkpoint has taken already: a stream in memory begins anew with each process.
  for (const rows of options.before ?? []) stream.add(rows);
  let last: Row[] = [];
  const running = await query(session.spark.readStream.from(stream, {}) as unknown as Frame)
    .writeStream.outputMode(options.mode ?? "update")
    .foreachBatch(async (batch) => void (last = (await batch.collect()) as Row[]))
    .option("checkpointLocation", "/checkpoint")
    .start();
  for (const rows of batches) {
    stream.add(rows);
    await running.processAllAvailable();
  }
  await running.stop();
  return last;
}

const visits = "user STRING, page STRING";
const visit = (name: string, page: string): Row => ({ user: name, page });
const perUser = (rows: Frame): Frame => rows.groupBy("user").agg(count()) as unknown as Frame;
const batches = Array.from({ length: 8 }, (_, i) => [
  visit(i % 2 === 0 ? user : "bob", `/${i}`),
  visit("ada", `/${i}`),
]);
const sorted = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();

describe("a count of each user", () => {
  test("loses the key in deltas and snapshots, and goes on with the others", async () => {
    const runtime = createSimulatedRuntime(1);
    await feed(runtime, visits, batches, perUser);
    expect(kinds(await filesWith(runtime.fs, user))).toEqual(["delta", "snapshot"]);
    const others = await filesWith(runtime.fs, "ada");
    const plan = await eraseKey(runtime, "/checkpoint", { key: user, dryRun: true });
    expect(kinds(await filesWith(runtime.fs, user))).toEqual(["delta", "snapshot"]);
    const report = await eraseKey(runtime, "/checkpoint", { key: user });
    expect(report).toEqual(plan);
    expect(report.stores).toMatchObject([
      { operatorId: 0, operatorName: "stateStoreSave", storeName: "default", columns: ["key.user"], inside: 0 },
    ]);
    expect(report.stores[0]!.records).toBeGreaterThan(4);
    expect(report).toMatchObject({ elsewhere: [], replayedBatch: null });
    expect(await filesWith(runtime.fs, user)).toEqual([]);
    expect(await filesWith(runtime.fs, "ada")).toEqual(others);
    expect(await verifyCheckpoint(runtime.fs, "/checkpoint")).toEqual([]);
    expect(await eraseKey(runtime, "/checkpoint", { key: user })).toMatchObject({ stores: [] });
    const next = await feed(runtime, visits, [[visit("ada", "/"), visit("bob", "/"), visit(user, "/")]], perUser, {
      before: batches,
    });
    expect(sorted(next)).toEqual([
      '{"user":"ada","count(1)":9}',
      '{"user":"bob","count(1)":5}',
      `{"user":"${user}","count(1)":1}`,
    ]);
  });

  test("can be read at every version that is kept, without the key", async () => {
    const runtime = createSimulatedRuntime(1);
    await feed(runtime, visits, batches, perUser);
    const states = async (): Promise<string[][]> => {
      await using session = await simulatedSession(runtime);
      return await Promise.all(
        batches.map(async (_, batchId) => {
          const state = session.spark.read.format("statestore").option("batchId", batchId).load("/checkpoint");
          return sorted((await state.selectExpr("key.user", "value.count").collect()) as Row[]);
        }),
      );
    };
    const before = await states();
    await eraseKey(runtime, "/checkpoint", { key: user });
    expect(await states()).toEqual(before.map((rows) => rows.filter((row) => !row.includes(user))));
  });

  test("keeps longer texts that have the key in them, and says so", async () => {
    const runtime = createSimulatedRuntime(1);
    await feed(runtime, visits, [[visit("ann", "/"), visit("joann", "/")]], perUser);
    const report = await eraseKey(runtime, "/checkpoint", { key: "ann" });
    expect(report.stores).toMatchObject([{ records: 1, inside: 1 }]);
    const state = await feed(runtime, visits, [[visit("joann", "/")]], perUser, {
      before: [[visit("ann", "/"), visit("joann", "/")]],
    });
    expect(state).toEqual([{ user: "joann", "count(1)": 2 }]);
  });

  test("in an encrypted checkpoint is erased in the encrypted files", async () => {
    const runtime = createSimulatedRuntime(1);
    const keys = "file:/key";
    await runtime.fs.apply([{ op: "write", path: "/key", bytes: Buffer.from("1f".repeat(32)) }]);
    await feed(runtime, visits, batches, perUser, { keys });
    const opened: Runtime = {
      ...runtime,
      fs: checkpointFileSystem(runtime, "/checkpoint", await loadCheckpointKeys(keys, runtime)),
    };
    expect(kinds(await filesWith(opened.fs, user))).toEqual(["delta", "snapshot"]);
    await expect(eraseKey(runtime, "/checkpoint", { key: user })).rejects.toThrow("CHECKPOINT_LOG_CORRUPTED");
    await eraseKey(opened, "/checkpoint", { key: user });
    expect(await filesWith(opened.fs, user)).toEqual([]);
    for (const [path, bytes] of runtime.fs.files()) {
      if (path.startsWith("/checkpoint/")) expect(Buffer.from(bytes).subarray(0, 8).toString(), path).toBe("MLRCRYP1");
    }
    const next = await feed(runtime, visits, [[visit("ada", "/")]], perUser, { before: batches, keys });
    expect(next).toEqual([{ user: "ada", "count(1)": 9 }]);
  });
});

test("values that hold the key go, and older values do not come back", async () => {
  const runtime = createSimulatedRuntime(1);
  const latest = (rows: Frame): Frame =>
    rows.groupBy("page").agg(expr("last(user) AS user").as("user")) as unknown as Frame;
  const history = [
    [visit("ada", "/a"), visit("ada", "/b")],
    [visit(user, "/a"), visit(user, "/b")],
    [visit("bob", "/b")],
  ];
  await feed(runtime, visits, history, latest);
  expect(kinds(await filesWith(runtime.fs, user))).toEqual(["delta", "snapshot"]);
  const report = await eraseKey(runtime, "/checkpoint", { key: user });
  expect(report.stores).toMatchObject([{ columns: [expect.stringMatching(/^value\./)] }]);
  expect(await filesWith(runtime.fs, user)).toEqual([]);
  await using session = await simulatedSession(runtime);
  const at = async (batchId: number): Promise<string[]> => {
    const state = session.spark.read.format("statestore").option("batchId", batchId).load("/checkpoint");
    return sorted((await state.selectExpr("key.page", "value.last").collect()) as Row[]);
  };
  expect(await at(0)).toEqual(['{"page":"/a","last":"ada"}', '{"page":"/b","last":"ada"}']);
  expect(await at(1)).toEqual([]);
  expect(await at(2)).toEqual(['{"page":"/b","last":"bob"}']);
});

test("numbers are erased in keys; a column is named where others could mean the same", async () => {
  const runtime = createSimulatedRuntime(1);
  const ddl = "user INT, page INT";
  const rows = [
    [
      { user: 42, page: 1 },
      { user: 1, page: 42 },
      { user: 7, page: 7 },
    ],
  ];
  const both = (input: Frame): Frame => input.groupBy("user", "page").agg(count()) as unknown as Frame;
  await feed(runtime, ddl, rows, both);
  const dryRun = (request: Partial<EraseRequest>): Promise<ErasureReport> =>
    eraseKey(runtime, "/checkpoint", { key: "42", dryRun: true, ...request });
  expect((await dryRun({})).stores).toMatchObject([{ records: 2, columns: ["key.page", "key.user"] }]);
  expect((await dryRun({ column: "USER" })).stores).toMatchObject([{ records: 1, columns: ["key.user"] }]);
  expect((await dryRun({ column: "user", operatorId: 3 })).stores).toEqual([]);
  expect((await dryRun({ column: "count" })).stores).toEqual([]);
  await eraseKey(runtime, "/checkpoint", { key: "42", column: "user" });
  expect((await dryRun({})).stores).toMatchObject([{ records: 1, columns: ["key.page"] }]);
  await expect(eraseKey(runtime, "/checkpoint", { key: "" })).rejects.toThrow("INVALID_ERASE_KEY");
});

const orders = "side STRING, id STRING, user STRING, at TIMESTAMP";
const order = (side: "l" | "r", id: string, name: string, seconds = 1): Row => ({
  side,
  id,
  user: name,
  at: new Date(seconds * 1000),
});
/** Rows of both sides with the same id; the user stands in the rows and not in the key. */
const joined = (rows: Frame): Frame =>
  rows
    .filter("side = 'l'")
    .alias("l")
    .join(rows.filter("side = 'r'").alias("r"), expr("l.id = r.id"), "inner")
    .selectExpr("l.id AS id", "l.user AS left", "r.user AS right") as unknown as Frame;

describe("a join of two streams", () => {
  const history = [
    [order("l", "1", "ada"), order("l", "1", user), order("l", "1", "bob"), order("l", "2", user)],
    [order("r", "1", user), order("r", "1", "eve"), order("l", "1", user), order("l", "1", "joe")],
    [order("r", "3", "ada")],
    [order("l", "3", user), order("r", "2", user)],
    [order("r", "1", "kim")],
  ];

  /** New rows of every key meet what is left of the history. */
  async function expectOthersToMatch(runtime: SimulatedRuntime): Promise<void> {
    const next = [order("r", "1", "new"), order("r", "2", "new"), order("l", "3", "new")];
    const rows = await feed(runtime, orders, [next], joined, { mode: "append", before: history });
    expect(sorted(rows)).toEqual([
      '{"id":"1","left":"ada","right":"new"}',
      '{"id":"1","left":"bob","right":"new"}',
      '{"id":"1","left":"joe","right":"new"}',
      '{"id":"3","left":"new","right":"ada"}',
    ]);
  }

  test("loses rows of both sides that hold the key outside of the join key, and numbers the others anew", async () => {
    const runtime = createSimulatedRuntime(1);
    await feed(runtime, orders, history, joined, { mode: "append" });
    const found = await filesWith(runtime.fs, user);
    expect(kinds(found)).toEqual(["delta", "snapshot"]);
    for (const side of ["left", "right"]) {
      expect(found.some((path) => path.includes(`/${side}-keyWithIndexToValue/`))).toBe(true);
    }
    const report = await eraseKey(runtime, "/checkpoint", { key: user });
    expect(report.stores.map(({ storeName, columns }) => [storeName, columns])).toEqual([
      ["left-keyWithIndexToValue", ["value.user"]],
      ["right-keyWithIndexToValue", ["value.user"]],
    ]);
    expect(await filesWith(runtime.fs, user)).toEqual([]);
    expect(await verifyCheckpoint(runtime.fs, "/checkpoint")).toEqual([]);
    await expectOthersToMatch(runtime);
  });

  test("loses rows before and after its state was dealt out to other partitions", async () => {
    const runtime = createSimulatedRuntime(1);
    await feed(runtime, orders, history.slice(0, 3), joined, { mode: "append" });
    await repartitionCheckpoint(runtime, "/checkpoint", 3);
    await feed(runtime, orders, history.slice(3), joined, { mode: "append", before: history.slice(0, 3) });
    expect(kinds(await filesWith(runtime.fs, user))).toEqual(["delta", "snapshot"]);
    await eraseKey(runtime, "/checkpoint", { key: user });
    expect(await filesWith(runtime.fs, user)).toEqual([]);
    expect(await verifyCheckpoint(runtime.fs, "/checkpoint")).toEqual([]);
    await expectOthersToMatch(runtime);
  });

  test("loses a join key in all four stores", async () => {
    const runtime = createSimulatedRuntime(1);
    await feed(runtime, orders, [history[0]!.map((row) => ({ ...row, id: user })), ...history], joined, {
      mode: "append",
    });
    const stores = new Set((await filesWith(runtime.fs, user)).map((path) => path.split("/")[5]));
    expect(stores.size).toBe(3);
    await eraseKey(runtime, "/checkpoint", { key: user, column: "id" });
    const schemaOfKeys = (await filesWith(runtime.fs, user)).filter((path) => path.includes("keyToNumValues"));
    expect(schemaOfKeys).toEqual([]);
  });

  test("goes on as if the rows had never come, whatever they were", async () => {
    const names = fc.constantFrom(user, "ada", "bob");
    const row = fc.tuple(fc.constantFrom("l" as const, "r" as const), fc.constantFrom("1", "2"), names);
    const anyBatches = fc.array(fc.array(row, { maxLength: 5 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(anyBatches, async (given) => {
        const all = given.filter((rows) => rows.length > 0).map((rows) => rows.map((each) => order(...each)));
        if (all.length === 0) return;
        const without = all.map((rows) => rows.filter(({ user: name }) => name !== user));
        const next = ["1", "2"].flatMap((id) => [order("l", id, "new"), order("r", id, "new")]);
        const [erased, clean] = [createSimulatedRuntime(1), createSimulatedRuntime(1)];
        await feed(erased, orders, all, joined, { mode: "append" });
        await eraseKey(erased, "/checkpoint", { key: user });
        expect(await filesWith(erased.fs, user)).toEqual([]);
        expect(await verifyCheckpoint(erased.fs, "/checkpoint")).toEqual([]);
        const result = await feed(erased, orders, [next], joined, { mode: "append", before: all });
        const expected = await feed(clean, orders, [...without, next], joined, { mode: "append" });
        expect(sorted(result)).toEqual(sorted(expected));
      }),
      { numRuns: 25 },
    );
  });
});

test("variables of a processor lose the key: values, elements of lists, entries of maps, timers", async () => {
  const runtime = createSimulatedRuntime(1);
  const kept = (rows: Frame): Frame =>
    (rows as unknown as DataFrame<{ user: "string"; page: "string" }>)
      .groupByKey((row) => row.page ?? "", "string")
      .transformWithState(
        (handle) => {
          const last = handle.getValueState("last", "string");
          const all = handle.getListState("all", { user: "string" });
          const counts = handle.getMapState("counts", "string", "bigint");
          return {
            *handleInputRows(page, input) {
              for (const { user: name } of input) {
                last.update(name!);
                all.appendValue({ user: name });
                counts.updateValue(name!, (counts.getValue(name!) ?? 0) + 1);
              }
              yield { page, all: [...all.get()].map(({ user: name }) => name).join(" ") };
            },
          };
        },
        { output: { page: "string", all: "string" }, timeMode: "None" },
      ) as unknown as Frame;
  const history = [
    [visit("ada", "/a"), visit(user, "/a"), visit(user, user)],
    [visit("bob", "/a"), visit(user, "/b")],
  ];
  await feed(runtime, visits, history, kept);
  expect((await filesWith(runtime.fs, user)).length).toBeGreaterThan(4);
  const report = await eraseKey(runtime, "/checkpoint", { key: user });
  expect(report.stores.map(({ storeName }) => storeName).toSorted()).toEqual([
    "$elements_all",
    "all",
    "counts",
    "last",
  ]);
  expect(await filesWith(runtime.fs, user)).toEqual([]);
  const next = await feed(runtime, visits, [[visit("eve", "/a"), visit("eve", "/b")]], kept, { before: history });
  expect(sorted(next)).toEqual(['{"page":"/a","all":"ada bob eve"}', '{"page":"/b","all":"eve"}']);
});

test("names of files in logs, and files that were set aside, are named and not changed", async () => {
  const runtime = createSimulatedRuntime(1, { startMs: 1_700_000_000_000 });
  const path = `/in/${user}.json`;
  await runtime.fs.apply([
    { op: "makeDirectory", path: "/in" },
    { op: "write", path, bytes: Buffer.from(`{"user":"${user}"}\n`) },
  ]);
  await using session = await simulatedSession(runtime);
  const query = await session.spark.readStream
    .schema({ user: "string" })
    .json("/in")
    .groupBy("user")
    .count()
    .writeStream.outputMode("update")
    .format("noop")
    .option("checkpointLocation", "/checkpoint")
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
  // A state file of a batch that was never committed, damaged: repair moves it away.
  await runtime.fs.apply([{ op: "write", path: "/checkpoint/state/0/0/9.delta", bytes: Buffer.from(user) }]);
  await applyRepair(runtime, "/checkpoint", await planRepair(runtime.fs, "/checkpoint"));
  const { stores, elsewhere } = await eraseKey(runtime, "/checkpoint", { key: user });
  expect(stores).toHaveLength(1);
  expect(elsewhere.map((each) => each.replace(/\.[0-9a-f-]+$/, ""))).toEqual([
    "/checkpoint/_engine/repaired/state_0_0_9.delta",
    "/checkpoint/_engine/sources/0/0",
    "/checkpoint/sources/0/0",
  ]);
  expect(await filesWith(runtime.fs, user, "/checkpoint/state")).toEqual([]);
});

test("a checkpoint in use, or damaged, is left as it is", async () => {
  const runtime = createSimulatedRuntime(1);
  await using session = await simulatedSession(runtime, conf);
  const stream = new MemoryStream(parseDdl(visits));
  const running = await perUser(session.spark.readStream.from(stream, {}) as unknown as Frame)
    .writeStream.outputMode("update")
    .format("noop")
    .option("checkpointLocation", "/checkpoint")
    .start();
  stream.add([visit(user, "/")]);
  await running.processAllAvailable();
  for (const world of [runtime, runtime.anotherProcess()]) {
    await expect(eraseKey(world, "/checkpoint", { key: user })).rejects.toThrow("CONCURRENT_QUERY.OTHER_PROCESS");
  }
  expect((await eraseKey(runtime, "/checkpoint", { key: user, dryRun: true })).stores).toHaveLength(1);
  await running.stop();
  const [damaged] = await filesWith(runtime.fs, user);
  await runtime.fs.apply([{ op: "write", path: damaged!, bytes: Buffer.from("torn") }]);
  await expect(eraseKey(runtime, "/checkpoint", { key: "bob" })).rejects.toThrow("CHECKPOINT_ERASE_REFUSED");
});

test("a crash at any file operation leaves a checkpoint that goes on, with all of the key or nothing, and a second call ends it", async () => {
  const start = async (): Promise<SimulatedRuntime> => {
    const runtime = createSimulatedRuntime(1);
    await feed(runtime, orders, [[order("l", "1", user), order("l", "1", "ada")], [order("r", "1", user)]], joined, {
      mode: "append",
    });
    return runtime;
  };
  const history = [[order("l", "1", user), order("l", "1", "ada")], [order("r", "1", user)]];
  const next = [order("r", "1", "new")];
  const golden = await start();
  const operationsBefore = golden.fs.operationCount;
  await eraseKey(golden, "/checkpoint", { key: user });
  const operations = golden.fs.operationCount - operationsBefore;
  expect(operations).toBeGreaterThan(20);
  const faults: readonly Fault["fault"][] = ["crashBefore", "crashAfter", "torn", "loseUnsynced", "ENOSPC", "EIO"];
  const outcomes = new Map<string, number>();
  for (let at = 0; at < operations; at++) {
    const fault = faults[at % faults.length]!;
    for (const chosen of new Set([fault, "loseUnsynced" as const])) {
      const place = `${chosen} at operation ${at}`;
      const crashing = (await start()).restart({ plan: { faults: [{ at, fault: chosen }] } });
      await eraseKey(crashing, "/checkpoint", { key: user }).catch(() => undefined);
      const after = crashing.restart({ power: chosen === "loseUnsynced" });
      expect(
        (await verifyCheckpoint(after.fs, "/checkpoint")).filter(({ severity }) => severity === "error"),
        place,
      ).toEqual([]);
      // One machine goes on with the query, the other with the erasure.
      const rows = sorted(await feed(after, orders, [next], joined, { mode: "append", before: history }));
      const outcome = rows.length === 2 ? "whole" : "erased";
      expect(rows, place).toEqual(
        outcome === "whole"
          ? ['{"id":"1","left":"ada","right":"new"}', `{"id":"1","left":"${user}","right":"new"}`]
          : ['{"id":"1","left":"ada","right":"new"}'],
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await eraseKey(after, "/checkpoint", { key: user });
      expect(await filesWith(after.fs, user), place).toEqual([]);
      expect(await verifyCheckpoint(after.fs, "/checkpoint"), place).toEqual([]);
      fired("B20");
    }
  }
  expect(outcomes.get("whole")).toBeGreaterThan(5);
  expect(outcomes.get("erased")).toBeGreaterThan(5);
}, 60_000);
