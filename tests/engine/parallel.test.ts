/** Threads give the rows of one thread, in the same order, also when threads die at any moment. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { count, expr, min, SparkSession, sum, udf } from "millrace";
import { createSimulatedRuntime, EmbeddedEngine, type FileOperation, type SimulatedRuntime } from "millrace/engine";
import { windowBytes } from "../../packages/core/src/execution/parallel/messages.ts";
import type { ThreadEnd, WorkerLink, Workers } from "../../packages/core/src/runtime/workers.ts";
import { serveTasks } from "../../packages/core/src/session/serve-tasks.ts";
import { type Frame, schema, type Step, step, tableOf } from "./random-plans.ts";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";

/** Threads that are none: they take turns on this one, get copies of all messages, and can die after any of them. */
class LoopbackWorkers implements Workers {
  readonly available = 2;
  readonly #runtime: SimulatedRuntime;
  /** Messages from threads until one of them dies. */
  lives: number;
  deaths = 0;
  messages = 0;
  /** Bytes of rows from threads. */
  sentBytes = 0;

  constructor(runtime: SimulatedRuntime, lives = Infinity) {
    this.#runtime = runtime;
    this.lives = lives;
  }

  start(): WorkerLink {
    let alive = true;
    let toMain: { message(message: unknown): void; ended(end: ThreadEnd): void } | undefined;
    let toThread: ((message: unknown) => void) | undefined;
    serveTasks(
      {
        post: (message, transfer = []) => {
          const copy: unknown = structuredClone(message, { transfer: [...transfer] });
          queueMicrotask(() => {
            if (!alive) return;
            this.messages++;
            const { kind, bytes } = copy as { readonly kind: string; readonly bytes: Uint8Array };
            if (kind === "rows") this.sentBytes += bytes.byteLength;
            if (this.lives-- === 0) {
              alive = false;
              this.deaths++;
              this.lives = 7;
              toMain?.ended({ reason: "died", outOfMemory: false });
            } else toMain?.message(copy);
          });
        },
        listen: (message) => {
          toThread = message;
        },
      },
      this.#runtime,
      Promise.resolve(),
    );
    return {
      post: (message, transfer = []) => {
        const copy: unknown = structuredClone(message, { transfer: [...transfer] });
        queueMicrotask(() => alive && toThread?.(copy));
      },
      listen: (listener) => {
        toMain = listener;
      },
      busy: () => undefined,
      stop: () => {
        alive = false;
      },
    };
  }
}

async function session(
  runtime: SimulatedRuntime,
  workers: Workers | null,
  conf: Readonly<Record<string, string>> = {},
) {
  const builder = SparkSession.builder
    .master("local[2]")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.sql.session.timeZone", "UTC")
    .config("millrace.parallel.minBytes", "1")
    .engine(async (request) => new EmbeddedEngine(request, workers === null ? runtime : { ...runtime, workers }));
  for (const [key, value] of Object.entries(conf)) builder.config(key, value);
  return builder.create();
}

const bytesOf = (rows: readonly object[]): Uint8Array =>
  new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

/** The tables as JSON files, each in several. */
async function write(runtime: SimulatedRuntime, tables: readonly (readonly object[])[]): Promise<void> {
  for (const [t, rows] of tables.entries()) {
    await runtime.fs.apply([
      { op: "removeTree", path: `/${t}` },
      { op: "makeDirectory", path: `/${t}` },
      { op: "write", path: `/${t}/a.json`, bytes: bytesOf(rows.slice(0, 3)) },
      { op: "write", path: `/${t}/b.json`, bytes: bytesOf(rows.slice(3)) },
      { op: "write", path: `/${t}/c.json`, bytes: bytesOf([{ a: 1, b: 1, s: "x" }]) },
    ]);
  }
}

/** Of the column s: rows, a sum and a smallest value. */
const totals = (frame: Frame) => frame.groupBy("s").agg(() => ({ n: count("*"), a: sum("a"), b: min("b") }));

/** Rows with equal keys stay in their order, so that limits choose the same ones. */
const sort = fc.constantFrom<Step>(
  (frame) => frame.orderBy("s"),
  (frame) => frame.orderBy(expr("a + b").desc(), expr("s").asc()),
  (frame) => frame.orderBy("b").limit(2),
  (frame) => frame.sortWithinPartitions("a"),
);

const lives = fc.option(fc.nat(20), { nil: Infinity });

test("random plans give the same rows in the same order on threads, whatever dies", async () => {
  const runtime = createSimulatedRuntime(1);
  const one = await session(runtime, null);
  let parallel = 0;
  let deaths = 0;
  await fc.assert(
    fc.asyncProperty(
      tableOf,
      tableOf,
      fc.array(fc.oneof({ weight: 3, arbitrary: step }, sort), { minLength: 1, maxLength: 4 }),
      lives,
      async (first, second, steps, until) => {
        await write(runtime, [first, second]);
        const workers = new LoopbackWorkers(runtime, until);
        const many = await session(runtime, workers);
        const answers: unknown[] = [];
        for (const spark of [one, many]) {
          const tables = ["/0", "/1"].map((path) => spark.read.schema(schema).json(path) as unknown as Frame);
          const frame = steps.reduce<Frame>((before, apply) => apply(before, tables), tables[0]!);
          answers.push(await frame.collect());
        }
        await many.stop();
        if (workers.messages > 0) parallel++;
        deaths += workers.deaths;
        expect(answers[1]).toEqual(answers[0]);
      },
    ),
    { numRuns: 200 },
  );
  expect(parallel).toBeGreaterThan(100);
  expect(deaths).toBeGreaterThan(20);
}, 60_000);

test("threads that are faster than the reader of their rows wait for it", async () => {
  const runtime = createSimulatedRuntime(1);
  const workers = new LoopbackWorkers(runtime);
  const spark = await session(runtime, workers);
  const rows = 16_000_000;
  let read = 0;
  let mostAhead = 0;
  for await (const { id } of spark.range(0, rows, 1, 8).filter("id >= 0").toLocalIterator()) {
    if (read !== id) throw new Error(`row ${read} is ${id}`);
    if (++read % 100_000 !== 0) continue;
    // Others have all the time they want.
    await new Promise((resolve) => setTimeout(resolve, 1));
    mostAhead = Math.max(mostAhead, workers.sentBytes - read * 8);
    if (read === rows / 2) break;
  }
  // Two tasks for each of two threads may be under way: for each a window, and the batch that fills it.
  expect(mostAhead).toBeGreaterThan(windowBytes);
  expect(mostAhead).toBeLessThan(4 * (windowBytes + (1 << 20)));
  expect(workers.sentBytes).toBeLessThan(rows * 8);
  await spark.stop();
  fired("G3");
}, 60_000);

test("a stream of files on threads gives the batch answer of one thread, however it is cut and whatever dies", async () => {
  const one = createSimulatedRuntime(1);
  const batch = await session(one, null);
  let run = 0;
  let parallel = 0;
  let deaths = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(tableOf, { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 1, max: 4 }),
      lives,
      async (files, perTrigger, until) => {
        const directory = `/stream/${run++}`;
        const write = (rows: readonly object[], i: number): FileOperation => ({
          op: "write",
          path: `${directory}/${i}.json`,
          bytes: bytesOf(rows),
        });
        await one.fs.apply([{ op: "makeDirectory", path: directory }, ...files.map(write)]);
        const workers = new LoopbackWorkers(one, until);
        const many = await session(one, workers);
        const query = await totals(
          many.readStream.schema(schema).option("maxFilesPerTrigger", perTrigger).json(directory),
        )
          .writeStream.outputMode("complete")
          .format("memory")
          .queryName(`totals_${run}`)
          .option("checkpointLocation", `${directory}-checkpoint`)
          .start();
        await query.processAllAvailable();
        const answer = await many.table(`totals_${run}`).orderBy("s").collect();
        await many.stop();
        if (workers.messages > 0) parallel++;
        deaths += workers.deaths;
        const expected = totals(batch.read.schema(schema).json(directory)).orderBy("s");
        expect(answer).toEqual(files.flat().length === 0 ? [] : await expected.collect());
      },
    ),
    { numRuns: 100 },
  );
  expect(parallel).toBeGreaterThan(30);
  expect(deaths).toBeGreaterThan(10);
}, 60_000);

test.each([
  ["one thread", false],
  ["threads, which begin with a batch while the one before commits", true],
])("a batch sees its tables as the output of the batch before left them: %s", async (_, threads) => {
  const runtime = createSimulatedRuntime(1);
  const workers = new LoopbackWorkers(runtime);
  const spark = await session(runtime, threads ? workers : null);
  const setVersion = (version: number): Promise<void> =>
    runtime.fs.apply([
      { op: "makeDirectory", path: "/table" },
      { op: "write", path: "/table/0.json", bytes: bytesOf([{ k: 1, version }]) },
    ]);
  await setVersion(1);
  await runtime.fs.apply([{ op: "makeDirectory", path: "/events" }]);
  for (let i = 0; i < 8; i++)
    await runtime.fs.apply([{ op: "write", path: `/events/${i}.json`, bytes: bytesOf([{ k: 1, i }]) }]);
  const table = spark.read.schema({ k: "int", version: "int" }).json("/table");
  const seen: (readonly unknown[])[] = [];
  const query = await spark.readStream
    .schema({ k: "int", i: "int" })
    .option("maxFilesPerTrigger", 2)
    .json("/events")
    .join(table, "k")
    .writeStream.trigger({ availableNow: true })
    .option("checkpointLocation", "/checkpoint")
    .foreachBatch(async (batch, batchId) => {
      for (const row of await batch.collect()) seen.push([batchId, row.i, row.version]);
      // What was begun ahead has read the table by then.
      for (let turn = 0; turn < 500; turn++) await Promise.resolve();
      // Every second batch leaves the table alone.
      if (batchId % 2 === 0) await setVersion(10 ** (batchId + 1));
    })
    .start();
  await query.awaitTermination();
  await spark.stop();
  const versions = [1, 10, 10, 1000];
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i >> 1, i, versions[i >> 1]]));
  expect(workers.messages > 0).toBe(threads);
});

test("explain shows what runs in threads, and what keeps the rest on the calling thread", async () => {
  const runtime = createSimulatedRuntime(1);
  const spark = await session(runtime, new LoopbackWorkers(runtime));
  const explained = async (build: (numbers: ReturnType<typeof spark.range>) => { explain(): Promise<void> }) => {
    runtime.process.printed.length = 0;
    await build(spark.range(0, 100, 1, 4)).explain();
    return runtime.process.printed.join("");
  };
  const plain = await explained((numbers) => numbers.filter("id > 7").groupBy().count());
  expect(plain).toMatch(/FinalAggregate.*\n.*Exchange single\n.*Parallel, 2 threads\n.*PartialAggregate.*\n.*Range/);
  const sorted = await explained((numbers) => numbers.filter("id > 7").orderBy("id").limit(3));
  expect(sorted).toMatch(/MergeSorted 3 .*\n.*Parallel, 2 threads\n.*TopK 3 .*in 2 parts\n.*Filter.*\n.*Range/);
  const shuffled = await explained((numbers) => numbers.orderBy(expr("rand(1)")));
  expect(shuffled).toMatch(/Sort .*\n.*Parallel, 2 threads\n.*Range/);
  const closure = udf((id: number | null) => id, "bigint");
  const bound = await explained((numbers) => numbers.select(closure("id").alias("y")));
  expect(bound).toMatch(/Project.*\(on the calling thread: a closure\)\n.*Parallel, 2 threads\n.*Range/);
  const exported = udf(new URL("./thread-functions.ts", import.meta.url).href, "twice", "bigint");
  const free = await explained((numbers) => numbers.select(exported("id").alias("y")));
  expect(free).toMatch(/Parallel, 2 threads\n.*Project.*\n.*Range/);
  expect(free).not.toContain("closure");
  await spark.stop();
});
