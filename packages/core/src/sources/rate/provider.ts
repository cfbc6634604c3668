/**
 * `rate`: rows with a timestamp and a counter, so many per second since the query was first started; and
 * `rate-micro-batch`: so many per batch. Replayable: the rows of an offset follow from the offset alone.
 */
import { refuseSchema } from "../fixed-schema.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { MillraceError } from "../../errors/index.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { parseInterval } from "../../functions/interval.ts";
import { atomicWrite } from "../../runtime/durability.ts";
import { bigintType, type StructType, structType, timestampType } from "../../types/data-type.ts";
import type {
  MicroBatchSource,
  OffsetJson,
  ReadLimit,
  RealTimeReading,
  ScanRequest,
  SourceContext,
  SourceProvider,
  SourceSplit,
  StreamSourceContext,
} from "../contract.ts";
import { projectBatch } from "../project-batch.ts";
import { RampedRate } from "./ramped-rate.ts";

const schema: StructType = structType([
  { name: "timestamp", type: timestampType, nullable: true },
  { name: "value", type: bigintType, nullable: true },
]);

/** Rows [from, to) of which row `v` has the time `firstMs + (v - from) * stepMs`, in batches. */
interface RateSplit {
  readonly from: number;
  readonly to: number;
  readonly firstMs: number;
  readonly stepMs: number;
}

const rowsPerBatch = 8192;

function* rowsOf(split: RateSplit, columns: StructType): Generator<RecordBatch> {
  for (let from = split.from; from < split.to; from += rowsPerBatch) {
    const length = Math.min(rowsPerBatch, split.to - from);
    const timestamps = new BigInt64Array(length);
    const values = new BigInt64Array(length);
    for (let i = 0; i < length; i++) {
      values[i] = BigInt(from + i);
      timestamps[i] = BigInt(Math.floor(split.firstMs + (from + i - split.from) * split.stepMs)) * 1000n;
    }
    yield projectBatch(
      {
        schema,
        length,
        columns: [
          { kind: "i64", type: timestampType, length, validity: null, values: timestamps },
          { kind: "i64", type: bigintType, length, validity: null, values },
        ],
      },
      columns,
    );
  }
}

function ownSchema(name: string, given: StructType | undefined): StructType {
  refuseSchema(name, given, "This source has a fixed schema: timestamp TIMESTAMP, value BIGINT.");
  return schema;
}

/** Of seconds with at most three decimals. */
const toMillis = (seconds: number): number => Math.round(seconds * 1000);

class RateSource implements MicroBatchSource {
  readonly guarantee = "replayable";
  readonly filtered = false;
  readonly defaultLimit: ReadLimit = { kind: "all" };
  readonly description: string;
  readonly #context: StreamSourceContext;
  readonly #columns: StructType;
  readonly #rate: RampedRate;
  readonly #partitions: number;
  readonly #closed = new AbortController();
  #creationMs: number | undefined;
  #end: number | undefined;

  constructor(context: StreamSourceContext, request: ScanRequest) {
    this.#context = context;
    this.#columns = request.columns;
    const options = new OptionReader("rate", context.options);
    const rowsPerSecond = options.count("rowsPerSecond") ?? 1;
    this.#partitions = options.count("numPartitions") ?? 1;
    const rampUp = context.options.get("rampuptime") ?? "0 seconds";
    const seconds = /^\d+$/.test(rampUp) ? Number(rampUp) : intervalSeconds(rampUp);
    this.#rate = new RampedRate(rowsPerSecond, seconds);
    this.description = `RateStreamV2[rowsPerSecond=${rowsPerSecond}, rampUpTimeSeconds=${seconds}, numPartitions=${this.#partitions}]`;
  }

  async initialOffset(): Promise<OffsetJson | null> {
    await this.#creation();
    return "0";
  }

  /** The start time, written before the first batch, so that offsets mean the same after a restart. */
  async #creation(): Promise<number> {
    if (this.#creationMs !== undefined) return this.#creationMs;
    const { runtime, metadataPath, durability } = this.#context;
    const path = `${metadataPath}/0`;
    if ((await runtime.fs.stat(path)) === null) {
      const bytes = new TextEncoder().encode(`v1\n${runtime.clock.nowMs()}`);
      await runtime.fs.apply([
        { op: "makeDirectory", path: metadataPath },
        ...atomicWrite(path, bytes, "create", runtime.random.uuid(), durability),
      ]);
    }
    const text = new TextDecoder().decode(await runtime.fs.readFile(path));
    const match = /^v1\n(\d+)$/.exec(text);
    if (match === null) {
      throw new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path, reason: "it is not a rate source's start time" });
    }
    this.#creationMs = Number(match[1]);
    return this.#creationMs;
  }

  async #elapsed(): Promise<number> {
    return Math.max(0, Math.floor((this.#context.runtime.clock.nowMs() - (await this.#creation())) / 1000));
  }

  async prepareForAvailableNow(): Promise<void> {
    this.#end = await this.#elapsed();
  }

  async latestOffset(start: OffsetJson | null): Promise<OffsetJson | null> {
    const now = Math.min(await this.#elapsed(), this.#end ?? Infinity);
    return `${Math.max(now, Number(start ?? 0))}`;
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return `${await this.#elapsed()}`;
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    const from = Number(start ?? 0);
    const to = Number(end);
    if (!Number.isInteger(from) || !Number.isInteger(to)) return this.#planWithinSeconds(toMillis(from), toMillis(to));
    const first = this.#rate.rowsUntil(from);
    const rows = this.#rate.rowsUntil(to) - first;
    const creation = await this.#creation();
    const stepMs = rows === 0 ? 0 : ((to - from) * 1000) / rows;
    return Array.from({ length: this.#partitions }, (_, p) => {
      const begin = Math.floor((rows * p) / this.#partitions);
      const split: RateSplit = {
        from: first + begin,
        to: first + Math.floor((rows * (p + 1)) / this.#partitions),
        firstMs: creation + from * 1000 + begin * stepMs,
        stepMs,
      };
      return { description: `rows ${split.from}-${split.to}`, data: split };
    });
  }

  /** A split for each second of the range: rows have the times that they have when the whole second is read. */
  async #planWithinSeconds(fromMs: number, toMs: number): Promise<readonly SourceSplit[]> {
    const creation = await this.#creation();
    const splits: SourceSplit[] = [];
    for (let second = Math.floor(fromMs / 1000); second * 1000 < toMs; second++) {
      const first = this.#rate.rowsUntil(second);
      const stepMs = 1000 / (this.#rate.rowsUntil(second + 1) - first);
      const from = this.#rowsUntilMs(Math.max(fromMs, second * 1000));
      const to = this.#rowsUntilMs(Math.min(toMs, second * 1000 + 1000));
      if (from === to) continue;
      const split: RateSplit = { from, to, firstMs: creation + second * 1000 + (from - first) * stepMs, stepMs };
      splits.push({ description: `rows ${from}-${to}`, data: split });
    }
    return splits;
  }

  /** Rows whose time, in whole milliseconds since the start, lies before `ms`. */
  #rowsUntilMs(ms: number): number {
    const second = Math.floor(ms / 1000);
    const first = this.#rate.rowsUntil(second);
    const rows = this.#rate.rowsUntil(second + 1) - first;
    return first + Math.ceil(((ms - second * 1000) * rows) / 1000);
  }

  async *read(split: SourceSplit): AsyncIterable<RecordBatch> {
    yield* rowsOf(split.data as RateSplit, this.#columns);
  }

  /** In real time a row comes a millisecond after its time. Offsets are whole seconds; positions between two have fractions. */
  readonly realTime: RealTimeReading = {
    latest: async (from, upTo) => {
      const fromMs = toMillis(Number(from ?? 0));
      const elapsedMs = this.#context.runtime.clock.nowMs() - (await this.#creation());
      const latestMs = Math.max(
        fromMs,
        Math.min(Math.floor(elapsedMs), upTo === undefined ? Infinity : toMillis(Number(upTo))),
      );
      const isEnd = upTo !== undefined && latestMs === toMillis(Number(upTo));
      if (from !== null && !isEnd && this.#rowsUntilMs(latestMs) === this.#rowsUntilMs(fromMs)) return from;
      return String(latestMs / 1000);
    },
    nextOffset: (position) => String(Math.ceil(toMillis(Number(position)) / 1000)),
    dueMs: (position, upTo) => {
      const creation = this.#creationMs ?? 0;
      const atMs = toMillis(Number(position ?? 0));
      const endMs = upTo === undefined ? Infinity : toMillis(Number(upTo));
      const second = Math.floor(atMs / 1000);
      const first = this.#rate.rowsUntil(second);
      const rows = this.#rate.rowsUntil(second + 1) - first;
      const next = this.#rowsUntilMs(atMs) - first;
      const nextMs = second * 1000 + (next < rows ? Math.floor((next * 1000) / rows) : 1000) + 1;
      return creation + Math.min(nextMs, endMs);
    },
  };

  /** Wakes the query at the end of each second. */
  onAvailable(callback: () => void): void {
    const { clock } = this.#context.runtime;
    const tick = async (): Promise<void> => {
      const creation = await this.#creation();
      while (!this.#closed.signal.aborted) {
        const elapsed = Math.floor((clock.nowMs() - creation) / 1000);
        await clock.sleepUntil(creation + (elapsed + 1) * 1000, this.#closed.signal);
        callback();
      }
    };
    // Rejects when the source is closed while it sleeps.
    void tick().catch(() => undefined);
  }

  async commit(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed.abort();
  }
}

class RatePerMicroBatchSource implements MicroBatchSource {
  readonly guarantee = "replayable";
  readonly filtered = false;
  readonly defaultLimit: ReadLimit;
  readonly description: string;
  readonly #columns: StructType;
  readonly #rows: number;
  readonly #startMs: number;
  readonly #stepMs: number;

  constructor(context: SourceContext, request: ScanRequest) {
    const options = new OptionReader("rate-micro-batch", context.options);
    this.#columns = request.columns;
    this.#rows = options.count("rowsPerBatch") ?? 1;
    this.#startMs = options.count("startTimestamp", 0) ?? 0;
    this.#stepMs = options.count("advanceMillisPerBatch", 0) ?? 1000;
    this.defaultLimit = { kind: "maxRows", rows: this.#rows };
    this.description = `RatePerMicroBatchStream[rowsPerBatch=${this.#rows}, advanceMillisPerBatch=${this.#stepMs}]`;
  }

  async initialOffset(): Promise<OffsetJson | null> {
    return this.#offset(0);
  }

  #offset(rows: number): OffsetJson {
    return `{"offset":${rows},"timestamp":${this.#startMs + (rows / this.#rows) * this.#stepMs}}`;
  }

  #rowsOf(offset: OffsetJson | null): number {
    return offset === null ? 0 : Number(/"offset":(\d+)/.exec(offset)?.[1] ?? 0);
  }

  async latestOffset(start: OffsetJson | null): Promise<OffsetJson | null> {
    return this.#offset(this.#rowsOf(start) + this.#rows);
  }

  async reportLatestOffset(): Promise<OffsetJson | null> {
    return null;
  }

  async plan(start: OffsetJson | null, end: OffsetJson): Promise<readonly SourceSplit[]> {
    const from = this.#rowsOf(start);
    const split: RateSplit = {
      from,
      to: this.#rowsOf(end),
      firstMs: this.#startMs + (from / this.#rows) * this.#stepMs,
      stepMs: 0,
    };
    return [{ description: `rows ${split.from}-${split.to}`, data: split }];
  }

  async *read(split: SourceSplit): AsyncIterable<RecordBatch> {
    yield* rowsOf(split.data as RateSplit, this.#columns);
  }

  async commit(): Promise<void> {}
  async close(): Promise<void> {}
}

function intervalSeconds(text: string): number {
  const interval = parseInterval(text);
  if (interval === undefined) {
    throw new MillraceError("INVALID_OPTION", {
      option: "rampUpTime",
      provider: "rate",
      value: `'${text}'`,
      expected: "Give a duration such as '5 seconds'.",
    });
  }
  return Number(interval.micros / 1_000_000n) + interval.days * 86_400;
}

export const rateProvider: SourceProvider = {
  names: ["rate"],
  inferSchema: async (_context, given) => ownSchema("rate", given),
  openStream: async (context, request) => new RateSource(context, request),
};

export const ratePerMicroBatchProvider: SourceProvider = {
  names: ["rate-micro-batch"],
  inferSchema: async (_context, given) => ownSchema("rate-micro-batch", given),
  openStream: async (context, request) => new RatePerMicroBatchSource(context, request),
};
