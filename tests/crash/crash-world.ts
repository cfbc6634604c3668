/** A machine with a query on it that is made to crash, and the queries that the enumeration runs. */
import { SparkSession, type StreamingQuery } from "millrace";
import {
  createSimulatedRuntime,
  EmbeddedEngine,
  type Fault,
  type Runtime,
  type SimulatedRuntime,
  withApply,
  writesOffsets,
} from "millrace/engine";
import { finish, nextTurn } from "../virtual-time.ts";

const settings: Readonly<Record<string, string>> = {
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.shuffle.partitions": "2",
  "spark.sql.streaming.minBatchesToRetain": "2",
  "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2",
  "spark.sql.streaming.fileSource.log.compactInterval": "3",
  "spark.sql.streaming.fileSink.log.compactInterval": "3",
  "spark.sql.streaming.fileSink.log.cleanupDelay": "0",
};

/** What lives outside the process besides the disk: a store that takes a batch once, by its id. */
export class BatchStore {
  readonly batches = new Map<number, string>();
  put(batchId: number, rows: readonly unknown[]): void {
    const text = sortedTexts(rows).join("\n");
    const before = this.batches.get(batchId);
    if (before !== undefined && before !== text) {
      throw new Error(`batch ${batchId} was repeated with other rows:\n${before}\n---\n${text}`);
    }
    this.batches.set(batchId, text);
  }
}

export interface CrashQuery {
  readonly name: string;
  /** Input files by path, in the order in which they came. */
  readonly files: Readonly<Record<string, string>>;
  /** Starts the query from the checkpoint `/checkpoint`; it must end by itself. */
  start(spark: SparkSession, store: BatchStore): Promise<StreamingQuery>;
  /** Schema of the files in `/out`, when the query writes them, and their format: JSON, unless it is said. */
  readonly output?: Readonly<Record<string, string>>;
  readonly format?: "json" | "parquet";
  /** Whether it keeps state, and so must write a snapshot. */
  readonly stateful: boolean;
  /**
   * What the whole stream comes to, read in one batch: of a file sink its rows, of a store the last value of each `keys`,
   * or its last batch when there are none.
   */
  batch(spark: SparkSession): { collect(): Promise<readonly unknown[]> };
  readonly keys?: readonly string[];
  /** Beside those that all queries run with. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly result: string;
  readonly runtime: SimulatedRuntime;
  readonly attempts: number;
}

/**
 * How the disk orders programs that nobody waits for before the next is asked for: as they come, or those that write
 * offsets after what the batch writes while it computes.
 */
export type DiskOrder = "as they come" | "offsets last";

/**
 * Runs a query to its end over the faults, one after another, each in an incarnation of its own.
 * @param conf settings beside those that all runs have
 */
export async function play(
  query: CrashQuery,
  faults: readonly Fault[],
  order: DiskOrder,
  conf: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  let runtime = createSimulatedRuntime(11, { startMs: 1_700_000_000_000 });
  for (const [path, text] of Object.entries(query.files)) await writeFile(runtime, path, text);
  const store = new BatchStore();
  const left = [...faults];
  const failures: string[] = [];
  for (let attempt = 1; attempt <= 10; attempt++) {
    const next = left.shift();
    runtime = runtime.restart({ power: true, survive: "all", plan: next === undefined ? {} : { faults: [next] } });
    const failure = await attemptRun(query, runtime, store, order, conf);
    if (failure === null) return { result: await resultOf(query, runtime, store), runtime, attempts: attempt };
    failures.push(failure);
  }
  throw new Error(`the query does not come to its end: ${failures.at(-1)}`);
}

async function attemptRun(
  query: CrashQuery,
  runtime: SimulatedRuntime,
  store: BatchStore,
  order: DiskOrder,
  conf: Readonly<Record<string, string>>,
): Promise<string | null> {
  const spark = await sessionOn(order === "offsets last" ? withOffsetsLast(runtime) : runtime, {
    ...query.settings,
    ...conf,
  });
  try {
    const running = await finish(runtime, query.start(spark, store));
    await finish(runtime, running.awaitTermination());
    return null;
  } catch (error) {
    return String(error);
  } finally {
    await finish(runtime, spark.stop());
  }
}

/** Turns of the event loop that are enough for a batch to compute and to prepare its sink. */
const turnsOfBatch = 150;

/** The batch goes on while the offsets wait, until it needs them. */
function withOffsetsLast(runtime: SimulatedRuntime): Runtime {
  return withApply(runtime, async (program, own) => {
    for (let turn = 0; writesOffsets(program) && turn < turnsOfBatch; turn++) await nextTurn();
    await own(program);
  });
}

function sessionOn(runtime: Runtime, conf: Readonly<Record<string, string>> = {}): Promise<SparkSession> {
  const builder = SparkSession.builder.engine(async (request) => new EmbeddedEngine(request, runtime));
  for (const [key, value] of Object.entries({ ...settings, ...conf })) builder.config(key, value);
  return builder.create();
}

/** What another program sees once the query is done. */
async function resultOf(query: CrashQuery, runtime: SimulatedRuntime, store: BatchStore): Promise<string> {
  if (query.output === undefined) {
    return [...store.batches]
      .sort(([a], [b]) => a - b)
      .map(([batchId, rows]) => `batch ${batchId}\n${rows}`)
      .join("\n");
  }
  const spark = await sessionOn(runtime.anotherProcess());
  try {
    const ddl = Object.entries(query.output)
      .map(([name, type]) => `${name} ${type}`)
      .join(", ");
    return sortedTexts(
      await spark.read
        .schema(ddl)
        .format(query.format ?? "json")
        .load("/out")
        .collect(),
    ).join("\n");
  } finally {
    await spark.stop();
  }
}

/** What the query comes to by the same engine in one batch, for the input that is there. */
export async function batchAnswer(query: CrashQuery, runtime: SimulatedRuntime): Promise<string> {
  const spark = await sessionOn(runtime.anotherProcess());
  try {
    return sortedTexts(await query.batch(spark).collect()).join("\n");
  } finally {
    await spark.stop();
  }
}

/** The part of a run's result that one batch gives too. */
export function finalRows(query: CrashQuery, { result }: Outcome): string {
  if (query.output !== undefined) return result;
  const batches = result.split(/^batch \d+\n/m).slice(1);
  const lines = batches.map((batch) => batch.split("\n").filter((line) => line !== ""));
  if (query.keys === undefined) return lines.at(-1)!.join("\n");
  const latest = new Map<string, string>();
  for (const line of lines.flat()) {
    const row = JSON.parse(line) as Readonly<Record<string, unknown>>;
    latest.set(JSON.stringify(query.keys.map((key) => row[key])), line);
  }
  return [...latest.values()].sort().join("\n");
}

export function sortedTexts(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

async function writeFile(runtime: SimulatedRuntime, path: string, text: string): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  await runtime.clock.advance(1000);
  await runtime.fs.apply([
    { op: "makeDirectory", path: directory },
    { op: "write", path, bytes: new TextEncoder().encode(text), exclusive: true },
    { op: "sync", path },
    { op: "syncDirectory", path: directory },
  ]);
}
