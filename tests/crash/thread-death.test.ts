/** Real worker threads die in the middle of a batch of a stream; its answer is still that of one batch on one thread. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { count, SparkSession, sum, udf, window } from "millrace";
import { createNodeRuntime, EmbeddedEngine, type Runtime, SeededRandom } from "millrace/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { sortedTexts } from "./crash-world.ts";

const files = 16;
const rowsOfFile = 400;
const startMs = Date.parse("2024-01-01T00:00:00Z");
const schema = { user: "string", at: "timestamp", amount: "int" } as const;
/** Rows that come last and move the watermark over all others. */
const flushAt = "2024-01-02T00:00:00Z";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-threads-"));
  mkdirSync(join(directory, "in"));
  for (let file = 0; file < files; file++) {
    const rows = Array.from({ length: rowsOfFile }, (_, i) => {
      const at = new Date(startMs + file * 60_000 + i * 150).toISOString();
      return `${JSON.stringify({ user: `u${(file * 7 + i) % 11}`, at, amount: (file * rowsOfFile + i) % 1000 })}\n`;
    });
    if (file === files - 1) rows.push(`${JSON.stringify({ user: "last", at: flushAt, amount: 0 })}\n`);
    writeFileSync(join(directory, "in", `${String(file).padStart(2, "0")}.json`), rows.join(""));
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Workers = NonNullable<Runtime["workers"]>;
type WorkerLink = ReturnType<Workers["start"]>;

/** Threads of Node, some of which are ended from outside while they work on a task. */
class MortalWorkers implements Workers {
  readonly available = 2;
  readonly #random: SeededRandom;
  started = 0;
  tasks = 0;
  deaths = 0;

  /** @param seed of which tasks are hit, and after how many messages */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  start(name: string): WorkerLink {
    const worker = new Worker(new URL("../../packages/core/src/worker.ts", import.meta.url), { name });
    worker.unref();
    this.started++;
    let stopped = false;
    /** Messages until the thread is ended. */
    let left = Infinity;
    let killed = false;
    const kill = (): void => {
      if (killed || left-- > 0) return;
      killed = true;
      this.deaths++;
      void worker.terminate();
    };
    return {
      post: (message, transfer = []) => {
        worker.postMessage(message, transfer);
        if ((message as { readonly kind: string }).kind !== "task") return;
        this.tasks++;
        // Every third task is hit: at once, or when it has given out a part of its rows.
        if (this.#random.below(3) === 0) {
          left = this.#random.below(3);
          kill();
        }
      },
      listen: (listener) => {
        worker.on("message", (message: unknown) => {
          kill();
          listener.message(message);
        });
        worker.on("error", () => undefined);
        worker.on("exit", (code) => {
          if (!stopped) listener.ended({ reason: `the thread ended with code ${code}`, outOfMemory: false });
        });
      },
      busy: (busy) => (busy ? worker.ref() : worker.unref()),
      stop: () => {
        stopped = true;
        void worker.terminate();
      },
    };
  }
}

function session(master: string, workers?: Workers): Promise<SparkSession> {
  return SparkSession.builder
    .master(master)
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "2")
    .config("millrace.parallel.minBytes", "1")
    .engine(async (request) => {
      const runtime = createNodeRuntime();
      return new EmbeddedEngine(request, workers === undefined ? runtime : { ...runtime, workers });
    })
    .create();
}

/** Ends the thread that it runs in, when there are deaths to die. */
const amount = udf(pathToFileURL(join(import.meta.dirname, "dying-function.ts")).href, "amountOrDeath", "int");

/** Sums and counts by minute and user, four files a batch. */
async function streamInto(spark: SparkSession, name: string): Promise<void> {
  const query = await spark.readStream
    .schema(schema)
    .option("maxFilesPerTrigger", 4)
    .json(join(directory, "in"))
    .withColumn("amount", amount("amount"))
    .filter("amount % 10 < 9")
    .withWatermark("at", "10 seconds")
    .groupBy(window("at", "1 minute"), "user")
    .agg(sum("amount").as("total"), count("*").as("n"))
    .selectExpr("window.start AS start", "user", "total", "n")
    .writeStream.format("json")
    .option("checkpointLocation", join(directory, `${name}-checkpoint`))
    .trigger({ availableNow: true })
    .start(join(directory, `${name}-out`));
  await query.awaitTermination();
}

async function resultOf(spark: SparkSession, name: string): Promise<string[]> {
  const ddl = "start timestamp, user string, total bigint, n bigint";
  return sortedTexts(
    await spark.read
      .schema(ddl)
      .json(join(directory, `${name}-out`))
      .collect(),
  );
}

/** The same in one batch on the calling thread. */
async function batchAnswer(): Promise<string[]> {
  await using spark = await session("local");
  const rows = await spark.read
    .schema(schema)
    .json(join(directory, "in"))
    .filter(`at < timestamp '${flushAt}'`)
    .filter("amount % 10 < 9")
    .groupBy(window("at", "1 minute"), "user")
    .agg(sum("amount").as("total"), count("*").as("n"))
    .selectExpr("window.start AS start", "user", "total", "n")
    .collect();
  return sortedTexts(rows);
}

let answer: Promise<string[]> | undefined;

test("a stream on two threads gives the answer of one batch on one", async () => {
  await using spark = await session("local[2]");
  await streamInto(spark, "calm");
  expect(await resultOf(spark, "calm")).toEqual(await (answer ??= batchAnswer()));
}, 60_000);

test.each([1, 3])(
  "threads that are killed while they work change nothing, seed %i",
  async (seed) => {
    const workers = new MortalWorkers(seed);
    await using spark = await session("local[2]", workers);
    await streamInto(spark, `killed-${seed}`);
    console.log(`seed ${seed}: ${workers.tasks} tasks, ${workers.started} threads, ${workers.deaths} of them killed`);
    expect(workers.tasks).toBeGreaterThanOrEqual(files);
    expect(workers.deaths).toBeGreaterThan(3);
    expect(await resultOf(spark, `killed-${seed}`)).toEqual(await (answer ??= batchAnswer()));
    fired("A4", workers.deaths);
  },
  60_000,
);

test("a thread that ends itself in the middle of a row is replaced; four in a row fail the query, which goes on later", async () => {
  const deaths = join(directory, "deaths");
  process.env["MILLRACE_DEATHS"] = deaths;
  try {
    await using spark = await session("local[2]");
    writeFileSync(deaths, "3");
    await streamInto(spark, "replaced");
    expect(await resultOf(spark, "replaced")).toEqual(await (answer ??= batchAnswer()));

    writeFileSync(deaths, "100");
    await expect(streamInto(spark, "failed")).rejects.toMatchObject({ cause: { errorClass: "WORKER_THREAD_FAILED" } });
    writeFileSync(deaths, "0");
    await streamInto(spark, "failed");
    expect(await resultOf(spark, "failed")).toEqual(await answer);
  } finally {
    delete process.env["MILLRACE_DEATHS"];
  }
}, 120_000);
