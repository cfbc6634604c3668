/** Progress of one trigger: gathers what a batch did and makes Spark's progress object of it. */
import { rowReaderOf } from "../columnar/external-values.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { EventTimeStats, StateOperatorMetrics } from "../execution/context.ts";
import type {
  SinkProgress,
  SourceProgress,
  StateOperatorProgress,
  StreamingQueryProgress,
  WatermarkProgress,
} from "./contract.ts";
import { floorMillis } from "./watermark-tracker.ts";

/** The durations that progress reports, as Spark names them. */
export type DurationName =
  | "addBatch"
  | "commitOffsets"
  | "getBatch"
  | "latestOffset"
  | "queryPlanning"
  | "triggerExecution"
  | "walCommit";

/** Adds up how long the parts of a trigger took. */
export class DurationRecorder {
  readonly #monotonicMs: () => number;
  readonly #millis = new Map<DurationName, number>();
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }
  async time<T>(name: DurationName, action: () => Promise<T>): Promise<T> {
    const start = this.#monotonicMs();
    try {
      return await action();
    } finally {
      this.add(name, this.#monotonicMs() - start);
    }
  }
  add(name: DurationName, ms: number): void {
    this.#millis.set(name, (this.#millis.get(name) ?? 0) + ms);
  }
  /** Whole milliseconds, names sorted. */
  finish(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#millis].map(([name, ms]) => [name, Math.round(ms)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
}

/** What a source did in a trigger. Offsets are JSON texts. */
export interface SourceActivity {
  readonly description: string;
  readonly startOffset: string | null;
  readonly endOffset: string | null;
  readonly latestOffset: string | null;
  readonly rows: number;
  readonly metrics: ReadonlyMap<string, string> | undefined;
}

export interface StateActivity {
  readonly operatorName: string;
  readonly metrics: StateOperatorMetrics;
  readonly commitTimeMs: number;
  readonly shufflePartitions: number;
  readonly storeInstances: number;
  /** Those of the stores; the operator's own are in `metrics`. */
  readonly customMetrics: Readonly<Record<string, number>>;
}

export interface TriggerActivity {
  readonly id: string;
  readonly runId: string;
  readonly name: string | null;
  readonly batchId: number;
  /** Start of this trigger and of the one before (null for the first), ms since the epoch. */
  readonly startMs: number;
  readonly previousStartMs: number | null;
  /** Measured on the monotonic clock. */
  readonly elapsedMs: number;
  readonly durationMs: Readonly<Record<string, number>>;
  readonly eventTime: EventTimeStats | null;
  /** null when the query has no watermark. */
  readonly watermarkMs: number | null;
  readonly states: readonly StateActivity[];
  readonly sources: readonly SourceActivity[];
  readonly sink: SinkProgress;
  readonly observed: ReadonlyMap<string, RecordBatch>;
  readonly watermark: WatermarkProgress | null;
}

/** Milliseconds from 1970 that a date holds: to the year 275760. Columns hold times to the year 294247. */
const lastDateMs = 8.64e15;

/** `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'`; times that no date holds are shown as the last that it does. */
export function formatTimestamp(ms: number): string {
  return new Date(Math.max(-lastDateMs, Math.min(lastDateMs, ms))).toISOString();
}

/** The offset as a JSON value; integers beyond 2^53 as bigint, so that none changes; what is not JSON as text. */
export function offsetValue(offset: string | null): unknown {
  if (offset === null) return null;
  try {
    return JSON.parse(offset, exactIntegers);
  } catch {
    return offset;
  }
}

const integerText = /^-?\d+$/;

function exactIntegers(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined || !integerText.test(source)) {
    return value;
  }
  return BigInt(source);
}

/** A rate, or nothing when it is not a finite number. */
function rate(
  name: "inputRowsPerSecond" | "processedRowsPerSecond",
  rows: number,
  ms: number,
): Readonly<Record<string, number>> {
  const value = rows / (ms / 1000);
  return Number.isFinite(value) ? { [name]: value } : {};
}

function rates(rows: number, activity: TriggerActivity): Readonly<Record<string, number>> {
  // Spark takes the time before the first trigger as infinite, so its first input rate is 0.
  const sinceLast = activity.previousStartMs === null ? Infinity : activity.startMs - activity.previousStartMs;
  return {
    ...rate("inputRowsPerSecond", rows, sinceLast),
    ...rate("processedRowsPerSecond", rows, Math.max(1, Math.round(activity.elapsedMs))),
  };
}

function eventTimeOf(activity: TriggerActivity): Readonly<Record<string, string>> {
  const { eventTime, watermarkMs } = activity;
  if (watermarkMs === null) return {};
  const watermark = { watermark: formatTimestamp(watermarkMs) };
  if (eventTime === null) return watermark;
  return {
    avg: formatTimestamp(Math.trunc(eventTime.sumMillis / eventTime.count)),
    max: formatTimestamp(floorMillis(eventTime.maxMicros)),
    min: formatTimestamp(floorMillis(eventTime.minMicros)),
    ...watermark,
  };
}

function sourceProgress(source: SourceActivity, activity: TriggerActivity): SourceProgress {
  return {
    description: source.description,
    startOffset: offsetValue(source.startOffset),
    endOffset: offsetValue(source.endOffset),
    latestOffset: offsetValue(source.latestOffset),
    numInputRows: source.rows,
    ...rates(source.rows, activity),
    ...(source.metrics === undefined || source.metrics.size === 0
      ? {}
      : { metrics: Object.fromEntries([...source.metrics].sort(([a], [b]) => (a < b ? -1 : 1))) }),
  };
}

function stateProgress(state: StateActivity): StateOperatorProgress {
  const customMetrics = Object.fromEntries(
    Object.entries({ ...state.customMetrics, ...state.metrics.custom }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return {
    operatorName: state.operatorName,
    numRowsTotal: state.metrics.numRowsTotal,
    numRowsUpdated: state.metrics.numRowsUpdated,
    allUpdatesTimeMs: Math.round(state.metrics.allUpdatesTimeMs),
    numRowsRemoved: state.metrics.numRowsRemoved,
    allRemovalsTimeMs: Math.round(state.metrics.allRemovalsTimeMs),
    commitTimeMs: Math.round(state.commitTimeMs),
    memoryUsedBytes: state.metrics.memoryUsedBytes,
    numRowsDroppedByWatermark: state.metrics.numRowsDroppedByWatermark,
    numShufflePartitions: state.shufflePartitions,
    numStateStoreInstances: state.storeInstances,
    ...(Object.keys(customMetrics).length === 0 ? {} : { customMetrics }),
  };
}

export function makeProgress(activity: TriggerActivity): StreamingQueryProgress {
  const rows = activity.sources.reduce((sum, source) => sum + source.rows, 0);
  const eventTime = eventTimeOf(activity);
  return {
    id: activity.id,
    runId: activity.runId,
    name: activity.name,
    timestamp: formatTimestamp(activity.startMs),
    batchId: activity.batchId,
    batchDuration: Math.round(activity.elapsedMs),
    numInputRows: rows,
    ...rates(rows, activity),
    durationMs: activity.durationMs,
    ...(Object.keys(eventTime).length === 0 ? {} : { eventTime }),
    stateOperators: activity.states.map(stateProgress),
    sources: activity.sources.map((source) => sourceProgress(source, activity)),
    sink: activity.sink,
    ...(activity.observed.size === 0 ? {} : { observedMetrics: observedMetrics(activity.observed) }),
    ...(activity.watermark === null ? {} : { watermark: activity.watermark }),
  };
}

function observedMetrics(observed: ReadonlyMap<string, RecordBatch>): Record<string, Record<string, unknown>> {
  const shown = (value: unknown): unknown =>
    typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return Object.fromEntries(
    Array.from(observed, ([name, batch]) => {
      const row = rowReaderOf(batch.schema, { bigint: true })(batch)(0);
      return [name, Object.fromEntries(Object.entries(row).map(([metric, value]) => [metric, shown(value)]))];
    }),
  );
}

const noState: StateOperatorMetrics = {
  numRowsTotal: 0,
  numRowsUpdated: 0,
  numRowsRemoved: 0,
  numRowsDroppedByWatermark: 0,
  allUpdatesTimeMs: 0,
  allRemovalsTimeMs: 0,
  memoryUsedBytes: 0,
  custom: {},
};

/** Sum over the partitions of a stateful operator. */
export function addStateMetrics(
  a: StateOperatorMetrics = noState,
  b: StateOperatorMetrics = noState,
): StateOperatorMetrics {
  return {
    numRowsTotal: a.numRowsTotal + b.numRowsTotal,
    numRowsUpdated: a.numRowsUpdated + b.numRowsUpdated,
    numRowsRemoved: a.numRowsRemoved + b.numRowsRemoved,
    numRowsDroppedByWatermark: a.numRowsDroppedByWatermark + b.numRowsDroppedByWatermark,
    allUpdatesTimeMs: a.allUpdatesTimeMs + b.allUpdatesTimeMs,
    allRemovalsTimeMs: a.allRemovalsTimeMs + b.allRemovalsTimeMs,
    memoryUsedBytes: a.memoryUsedBytes + b.memoryUsedBytes,
    ...leastDefined("leavesNextMicros", a, b),
    ...leastDefined("dueMs", a, b),
    custom: addCounts(a.custom, b.custom),
  };
}

function leastDefined(
  name: "leavesNextMicros" | "dueMs",
  a: StateOperatorMetrics,
  b: StateOperatorMetrics,
): Partial<StateOperatorMetrics> {
  const least = Math.min(a[name] ?? Infinity, b[name] ?? Infinity);
  return least === Infinity ? {} : { [name]: least };
}

function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sums = new Map(Object.entries(a));
  for (const [name, count] of Object.entries(b)) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries(sums);
}
