/** A memory-like source, an idempotent sink and a hand-made windowed count, to run the loop without the rest of the engine. */
import { sessionWindowKey, watermarkDelayKey } from "../analyzer/watermark-columns.ts";
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { compilePlan } from "../execution/compile-plan.ts";
import type { BatchContext, CompiledPlan } from "../execution/context.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import type { Read } from "../logical-plan/logical-plan.ts";
import { partialSchema } from "../physical-plan/partial-schema.ts";
import { planStateSessions } from "../physical-plan/plan-stateful.ts";
import type { PhysicalPlan, ScanExec } from "../physical-plan/physical-plan.ts";
import { createSimulatedRuntime, type SimulatedRuntime } from "../runtime/simulated/index.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type {
  OutputMode,
  PreparedWrite,
  RealTimeSinkBatch,
  RealTimeWrite,
  SinkBatch,
  StreamSink,
} from "../sinks/contract.ts";
import type { MicroBatchSource, OffsetJson, ReadLimit, RealTimeReading, SourceSplit } from "../sources/contract.ts";
import type { DataType, SqlValue, StructType } from "../types/data-type.ts";
import type { StreamingQueryHandle } from "./contract.ts";
import { StreamingQueryManager } from "./query-manager.ts";
import type { QueryPlan, StepName, StreamingQueryInput } from "./query-input.ts";

export const eventSchema: StructType = {
  kind: "struct",
  fields: [
    { name: "user", type: { kind: "string" }, nullable: true },
    { name: "at", type: { kind: "timestamp" }, nullable: true },
  ],
};
const countSchema: StructType = {
  kind: "struct",
  fields: [
    { name: "end", type: { kind: "timestamp" }, nullable: true },
    { name: "user", type: { kind: "string" }, nullable: true },
    { name: "count", type: { kind: "bigint" }, nullable: false },
  ],
};

/** Rows that outlive the query, as in a broker: `[user, seconds]`. */
export class Topic {
  readonly rows: (readonly [user: string, seconds: number])[] = [];
  /** Rows before this one were given up by a query and are never read again. */
  forgotten = 0;
  #listener: (() => void) | null = null;
  add(...rows: (readonly [string, number])[]): void {
    this.rows.push(...rows);
    this.#listener?.();
  }
  listen(listener: () => void): void {
    this.#listener = listener;
  }
}

export interface TopicSourceOptions {
  readonly limit?: ReadLimit;
  readonly availableNow?: boolean;
  readonly notifies?: boolean;
}

/** Offsets are the number of rows. */
export class TopicSource implements MicroBatchSource {
  readonly description: string;
  readonly guarantee = "replayable";
  readonly defaultLimit: ReadLimit;
  readonly filtered = false;
  readonly commits: OffsetJson[] = [];
  closed = 0;
  hasBacklog = false;
  readonly prepareForAvailableNow?: () => Promise<void>;
  readonly realTime: RealTimeReading = { latest: (from) => this.latestOffset(from, { kind: "all" }) };
  readonly onAvailable?: (callback: () => void) => void;
  readonly #topic: Topic;
  #fixedEnd = Infinity;

  constructor(topic: Topic, options: TopicSourceOptions = {}, name = "events") {
    this.#topic = topic;
    this.description = `TopicSource[${name}]`;
    this.defaultLimit = options.limit ?? { kind: "all" };
    if (options.availableNow === true) {
      this.prepareForAvailableNow = async () => {
        this.#fixedEnd = topic.rows.length;
      };
    }
    if (options.notifies === true) this.onAvailable = (callback) => topic.listen(callback);
  }
  async initialOffset(): Promise<OffsetJson | null> {
    return "0";
  }
  async latestOffset(start: OffsetJson | null, limit: ReadLimit): Promise<OffsetJson | null> {
    const most = limit.kind === "maxRows" ? limit.rows : Infinity;
    const available = Math.min(this.#topic.rows.length, this.#fixedEnd);
    const end = Math.min(available, Number(start ?? 0) + most);
    this.hasBacklog = end < available;
    return String(end);
  }
  async reportLatestOffset(): Promise<OffsetJson | null> {
    return String(this.#topic.rows.length);
  }
  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    return [{ description: `${start}-${end}`, data: [Number(start), Number(end)] }];
  }
  async *read(split: SourceSplit): AsyncIterable<RecordBatch> {
    const [start, end] = split.data as [number, number];
    if (start < this.#topic.forgotten) throw new Error(`rows from ${start} on were forgotten`);
    yield batchFromValues(
      eventSchema,
      this.#topic.rows.slice(start, end).map(([user, seconds]) => [user, BigInt(Math.round(seconds * 1e6))]),
    );
  }
  async commit(end: OffsetJson): Promise<void> {
    this.commits.push(end);
    this.#topic.forgotten = Math.max(this.#topic.forgotten, Number(end));
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

/** What a sink wrote, as in a database: batches by id; a batch that is there is not written again. */
export class Table {
  readonly batches = new Map<number, SqlValue[][]>();
  /** What came in real time, in this order: rows, and `end` or `abort` of a batch. */
  readonly live: string[] = [];
  get rows(): string[] {
    return [...this.batches.values()].flatMap((rows) => rows.map((row) => row.map(String).join(" ")));
  }
  rowsOf(batchId: number): string[] {
    return (this.batches.get(batchId) ?? []).map((row) => row.map(String).join(" "));
  }
}

export class TableSink implements StreamSink {
  readonly description = "TableSink";
  readonly guarantee = "exactly-once";
  closed = 0;
  aborted = 0;
  readonly #table: Table;
  /** Called while a batch is written. */
  readonly #onWrite: ((batch: SinkBatch) => Promise<void>) | undefined;

  constructor(table: Table, onWrite?: (batch: SinkBatch) => Promise<void>) {
    this.#table = table;
    this.#onWrite = onWrite;
  }
  async lastCommittedBatch(): Promise<number | null> {
    return this.#table.batches.size === 0 ? null : Math.max(...this.#table.batches.keys());
  }
  async write(batch: SinkBatch): Promise<PreparedWrite> {
    const rows: SqlValue[][] = [];
    for (const partition of batch.partitions) for await (const part of partition) rows.push(...valuesOfBatch(part));
    await this.#onWrite?.(batch);
    return {
      numOutputRows: rows.length,
      commit: async () => {
        const before = this.#table.batches.get(batch.batchId);
        if (before === undefined) this.#table.batches.set(batch.batchId, rows);
        else if (JSON.stringify(before, texts) !== JSON.stringify(rows, texts)) {
          throw new Error(`the repeated batch ${batch.batchId} has other rows`);
        }
      },
      abort: async () => {
        this.aborted++;
      },
    };
  }
  beginRealTime({ batchId }: RealTimeSinkBatch): RealTimeWrite {
    const { live } = this.#table;
    let numOutputRows = 0;
    return {
      get numOutputRows() {
        return numOutputRows;
      },
      async write(rows) {
        live.push(...valuesOfBatch(rows).map((row) => row.map(String).join(" ")));
        numOutputRows += rows.length;
      },
      end: async () => void live.push(`end ${batchId}`),
      abort: async () => void (numOutputRows > 0 && live.push(`abort ${batchId}`)),
    };
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

const texts = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

const read: Read = { kind: "Read", format: "topic", options: new Map(), paths: [], streaming: true };

function scanNode(sourceIndex: number): ScanExec {
  return {
    kind: "Scan",
    id: sourceIndex,
    schema: eventSchema,
    tableSchema: eventSchema,
    read,
    filters: [],
    sourceIndex,
  };
}

async function* scanRows(context: BatchContext, scan: ScanExec): AsyncGenerator<RecordBatch> {
  const open = await context.openScan(scan, undefined);
  for (const split of open.splits) yield* open.read(split, context.signal);
}

/** All events of all sources, unchanged. */
export function passThroughPlan(sources: number): QueryPlan {
  const scans = Array.from({ length: sources }, (_, i) => scanNode(i));
  const physical: PhysicalPlan = { kind: "Union", id: 99, schema: eventSchema, inputs: scans };
  const compiled: CompiledPlan = {
    schema: eventSchema,
    execute: async (context) => scans.map((scan) => scanRows(context, scan)),
    readAhead: async () => undefined,
    resume: () => undefined,
    generatedSource: () => [],
  };
  return { physical, compiled };
}

const minute = 60_000_000n;

export interface WindowedCountOptions {
  readonly mode: OutputMode;
  /** Seconds of the watermark delay of each source; null: none. */
  readonly delays?: readonly (number | null)[];
  readonly partitions?: number;
}

/** Count per user and minute, with state and watermark as the real aggregation has them. */
export function windowedCountPlan(options: WindowedCountOptions): QueryPlan {
  const { mode, delays = [10], partitions = 2 } = options;
  const scans = delays.map((_, i) => scanNode(i));
  let watermarks = 0;
  const inputs = scans.map((scan, i): PhysicalPlan => {
    const delay = delays[i] ?? null;
    if (delay === null) return scan;
    const node = watermarks++;
    const delayMicros = BigInt(delay * 1_000_000);
    return { kind: "EventTimeWatermark", id: 10 + i, schema: eventSchema, input: scan, ordinal: 1, delayMicros, node };
  });
  const union: PhysicalPlan = { kind: "Union", id: 20, schema: eventSchema, inputs };
  const exchange: PhysicalPlan = {
    kind: "Exchange",
    id: 21,
    schema: countSchema,
    input: union,
    partitioning: { kind: "hash", keys: [0, 1], partitions },
  };
  const physical: PhysicalPlan = {
    kind: "StateAggregate",
    id: 22,
    schema: countSchema,
    input: exchange,
    keyCount: 2,
    aggregates: [],
    outputMode: mode,
    state: {
      operatorId: 0,
      operatorName: "stateStoreSave",
      partitions,
      recordedPartitions: partitions,
      stores: [
        {
          name: "default",
          key: { kind: "struct", fields: countSchema.fields.slice(0, 2) },
          value: { kind: "struct", fields: countSchema.fields.slice(2) },
          prefixColumns: 0,
        },
      ],
      batchWithoutData: mode === "complete" ? "never" : "whenWatermarkMoves",
      outputDelayMs: 0,
    },
    ...(watermarks === 0
      ? {}
      : {
          eventTime: {
            kind: "BoundReference" as const,
            ordinal: 0,
            type: { kind: "timestamp" as const },
            nullable: true,
          },
        }),
  };
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const partitionOf = (key: string): number => encode(key).reduce((sum, byte) => sum + byte, 0) % partitions;
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

  async function counts(context: BatchContext): Promise<Map<string, bigint>> {
    const found = new Map<string, bigint>();
    for (const [i, scan] of scans.entries()) {
      const input = inputs[i]!;
      let [count, min, max, sum] = [0, 0n, 0n, 0];
      for await (const batch of scanRows(context, scan)) {
        for (const [user, at] of valuesOfBatch(batch)) {
          const time = at as bigint;
          if (count === 0 || time < min) min = time;
          if (count === 0 || time > max) max = time;
          count++;
          sum += Number(time / 1000n);
          const key = `${time - (time % minute) + minute} ${user as string}`;
          found.set(key, (found.get(key) ?? 0n) + 1n);
        }
      }
      if (input.kind === "EventTimeWatermark") {
        context.recordEventTime(input.node, { count, minMicros: min, maxMicros: max, sumMillis: sum });
      }
    }
    return found;
  }

  async function* partition(
    context: BatchContext,
    index: number,
    input: () => Promise<Map<string, bigint>>,
  ): AsyncGenerator<RecordBatch> {
    const all = await input();
    const store = await context.openState(0, index, "default");
    const watermark = context.watermark(0);
    const emitted = new Map<string, bigint>();
    let [updated, removed, dropped] = [0, 0, 0];
    for (const [key, n] of [...all].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (partitionOf(key) !== index) continue;
      const end = BigInt(key.split(" ")[0]!);
      if (mode !== "complete" && watermarks > 0 && end <= watermark.late) {
        dropped++;
        continue;
      }
      const before = store.get(encode(key));
      const total = (before === null ? 0n : BigInt(decode(before))) + n;
      store.put(encode(key), encode(String(total)));
      updated++;
      if (mode === "update") emitted.set(key, total);
    }
    for (const entry of [...store.entries()].map((e) => ({ key: decode(e.key), value: decode(e.value) }))) {
      const closed = mode !== "complete" && watermarks > 0 && BigInt(entry.key.split(" ")[0]!) <= watermark.evict;
      if (mode === "complete" || (mode === "append" && closed)) emitted.set(entry.key, BigInt(entry.value));
      if (!closed) continue;
      store.remove(encode(entry.key));
      removed++;
    }
    context.metrics.state(0, {
      numRowsTotal: store.size,
      numRowsUpdated: updated,
      numRowsRemoved: removed,
      numRowsDroppedByWatermark: dropped,
      allUpdatesTimeMs: 0,
      allRemovalsTimeMs: 0,
      memoryUsedBytes: 100,
      custom: {},
    });
    const rows = [...emitted]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, n]): SqlValue[] => {
        const [end, user] = key.split(" ");
        return [BigInt(end!), user!, n];
      });
    if (rows.length > 0) yield batchFromValues(countSchema, rows);
  }

  const compiled: CompiledPlan = {
    schema: countSchema,
    execute: async (context) => {
      let input: Promise<Map<string, bigint>> | null = null;
      const shared = (): Promise<Map<string, bigint>> => (input ??= counts(context));
      return Array.from({ length: partitions }, (_, i) => partition(context, i, shared));
    },
    readAhead: async () => undefined,
    resume: () => undefined,
    generatedSource: () => [],
  };
  return { physical, compiled };
}

/** The first `limit` different events, deduplicated within a watermark of 10 seconds: two stateful operators, as they really run. */
export function firstDistinctPlan(limit: number, partitions = 2): QueryPlan {
  const [user, at] = eventSchema.fields;
  const nothing: StructType = { kind: "struct", fields: [{ name: "key", type: { kind: "null" }, nullable: true }] };
  const long: StructType = { kind: "struct", fields: [{ name: "value", type: { kind: "bigint" }, nullable: true }] };
  const marked: PhysicalPlan = {
    kind: "EventTimeWatermark",
    id: 10,
    schema: eventSchema,
    input: scanNode(0),
    ordinal: 1,
    delayMicros: 10_000_000n,
    node: 0,
  };
  const common = { recordedPartitions: partitions, outputDelayMs: 0 };
  const distinct: PhysicalPlan = {
    kind: "StateDeduplicate",
    id: 12,
    schema: eventSchema,
    input: {
      kind: "Exchange",
      id: 11,
      schema: eventSchema,
      input: marked,
      partitioning: { kind: "hash", keys: [1, 0], partitions },
    },
    state: {
      ...common,
      operatorId: 1,
      operatorName: "dedupe",
      partitions,
      stores: [{ name: "default", key: { kind: "struct", fields: [at!, user!] }, value: nothing, prefixColumns: 0 }],
      batchWithoutData: "whenWatermarkMoves",
    },
    keys: [1, 0],
    eventTime: 1,
    forgets: {
      kind: "byKey",
      eventTime: { kind: "BoundReference", ordinal: 0, type: { kind: "timestamp" }, nullable: true },
    },
  };
  const physical: PhysicalPlan = {
    kind: "StateLimit",
    id: 14,
    schema: eventSchema,
    input: { kind: "Exchange", id: 13, schema: eventSchema, input: distinct, partitioning: { kind: "single" } },
    state: {
      ...common,
      operatorId: 0,
      operatorName: "globalLimit",
      partitions: 1,
      stores: [{ name: "default", key: nothing, value: long, prefixColumns: 0 }],
      batchWithoutData: "never",
    },
    limit,
  };
  const compiled = compilePlan(physical, { timeZone: "UTC", ansi: true, codegen: true, bigint: false });
  return { physical, compiled };
}

/** Clicks of each user's sessions, with a gap of 20 seconds and a watermark of 10, as they really run. */
export function userSessionsPlan(partitions = 2): QueryPlan {
  const [user, at] = eventSchema.fields;
  const bounds = ["start", "end"].map((name) => ({ name, type: at!.type, nullable: true }));
  const session: StructType = { kind: "struct", fields: bounds };
  const call = (fn: string, type: DataType, ...args: readonly Expr[]): Expr => ({
    kind: "Call",
    fn,
    args,
    type,
    nullable: false,
    ansi: true,
  });
  const literal = (value: SqlValue, type: DataType): Expr => ({ kind: "Literal", value, type });
  const time: Expr = { kind: "BoundReference", ordinal: 1, type: at!.type, nullable: true };
  const end = call("shift_time", at!.type, time, literal(20_000_000n, { kind: "bigint" }));
  const [startName, endName] = ["start", "end"].map((name) => literal(name, { kind: "string" }));
  const keys = [
    { kind: "BoundReference" as const, ordinal: 0, type: user!.type, nullable: true },
    call("named_struct", session, startName!, time, endName!, end),
  ];
  const keyFields = [user!, { name: "session_window", type: session, nullable: false }];
  const count = { kind: "AggregateCall" as const, fn: "count", args: [], distinct: false };
  const aggregates = [{ ...count, type: { kind: "bigint" } as const, nullable: false, ansi: true }];
  const grouping = keyFields.map((field, i): Expr => ({
    kind: "Attribute",
    id: i as Attribute["id"],
    ...field,
    ...(i === 0 ? {} : { metadata: { [watermarkDelayKey]: 10_000, [sessionWindowKey]: true } }),
  }));
  let nextId = 20;
  const physical = planStateSessions(
    {
      kind: "PartialAggregate",
      id: 11,
      schema: partialSchema(keyFields, aggregates),
      input: {
        kind: "EventTimeWatermark",
        id: 10,
        schema: eventSchema,
        input: scanNode(0),
        ordinal: 1,
        delayMicros: 10_000_000n,
        node: 0,
      },
      steps: [],
      keys,
      aggregates,
    },
    {
      grouping,
      sessions: [1],
      aggregates,
      schema: { kind: "struct", fields: [...keyFields, { name: "count", type: { kind: "bigint" }, nullable: false }] },
    },
    0,
    { newId: () => nextId++, statePartitions: partitions, outputMode: "append" },
  );
  const compiled = compilePlan(physical, { timeZone: "UTC", ansi: true, codegen: true, bigint: false });
  return { physical, compiled };
}

export interface HarnessOptions extends Partial<Omit<StreamingQueryInput, "sources" | "conf">> {
  readonly conf?: Readonly<Record<string, string>>;
  readonly source?: TopicSourceOptions;
  readonly onWrite?: (batch: SinkBatch) => Promise<void>;
  readonly makePlan?: (mode: OutputMode) => QueryPlan;
  readonly topics?: readonly Topic[];
}

/** A world with topics and a table, in which queries are started and started again. */
export class Harness {
  runtime: SimulatedRuntime;
  readonly topics: readonly Topic[];
  readonly table = new Table();
  manager: StreamingQueryManager;
  sources: TopicSource[] = [];
  sinks: TableSink[] = [];
  readonly steps: string[] = [];

  constructor(topics = 1, startMs = 1_000_000) {
    this.runtime = createSimulatedRuntime(7, { startMs });
    this.topics = Array.from({ length: topics }, () => new Topic());
    this.manager = this.newManager();
  }
  get topic(): Topic {
    return this.topics[0]!;
  }
  /** The queries of another process. */
  newManager(): StreamingQueryManager {
    return new StreamingQueryManager({
      clock: this.runtime.clock,
      warn: (message) => this.runtime.process.log("WARN", message),
    });
  }
  /** The process dies and another starts. */
  restart(options: Parameters<SimulatedRuntime["restart"]>[0] = {}): void {
    this.runtime = this.runtime.restart(options);
    this.manager = this.newManager();
  }
  input(options: HarnessOptions = {}): StreamingQueryInput {
    const { conf = {}, source = {}, onWrite, makePlan, topics = this.topics, ...rest } = options;
    const outputMode = rest.outputMode ?? "append";
    return {
      runtime: this.runtime as Runtime,
      name: null,
      outputMode,
      sink: { name: null, writes: "table" },
      trigger: { kind: "processingTime", intervalMs: 0 },
      checkpointPath: "/checkpoint",
      conf: (key) => conf[key],
      sources: topics.map(() => ({ ...read })),
      plan: () => makePlan?.(outputMode) ?? passThroughPlan(topics.length),
      openSource: async (_, __, resources) => {
        const index = Number(resources.metadataPath.split("/").at(-1));
        const opened = new TopicSource(topics[index]!, source, `events${index}`);
        this.sources.push(opened);
        return opened;
      },
      openStaticScans: () => ({
        openScan: () => Promise.reject(new Error("the test query reads no table")),
        knowsChanges: true,
        isUnchanged: async () => true,
        close: async () => {},
      }),
      openSink: async () => {
        const sink = new TableSink(this.table, onWrite);
        this.sinks.push(sink);
        return sink;
      },
      explain: () => "plan",
      onStep: (step: StepName, batchId: number) => {
        this.steps.push(`${step}:${batchId}`);
      },
      ...rest,
    };
  }
  start(options: HarnessOptions = {}): Promise<StreamingQueryHandle> {
    return this.manager.start(this.input(options));
  }
  /** Runs all that is available and ends the query. */
  async run(options: HarnessOptions = {}): Promise<StreamingQueryHandle> {
    const query = await this.start({
      trigger: { kind: "availableNow" },
      ...options,
      source: { availableNow: true, ...options.source },
    });
    await query.awaitTermination();
    return query;
  }
}
