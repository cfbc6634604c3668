/**
 * `transformWithState` and `flatMapGroupsWithState` as their descriptions have it, in plain objects: what the engine's give is
 * compared with these, which run the same functions of the user's.
 */
import type { GroupState, StatefulProcessor, StatefulProcessorHandle } from "millrace";
import { type ModelBatch, originMs } from "./history.ts";
import type { Event } from "./script.ts";

/** A row as the functions see it. */
export interface KeyedRow {
  readonly k: string | null;
  readonly at: Date | null;
  readonly n: number | null;
}
/** Most functions tell what they were called for and what was kept then. */
export interface Told {
  readonly k: string | null;
  readonly what: string;
  readonly held: string;
}
export type Processor<R = Told> = (handle: StatefulProcessorHandle) => StatefulProcessor<string | null, KeyedRow, R>;
export type GroupFunction = (
  key: string | null,
  rows: Iterable<KeyedRow>,
  state: GroupState<{ readonly seen: number }>,
) => Iterable<Told>;

interface Cell {
  readonly key: unknown;
  readonly value: unknown;
  readonly goneAtMs: number;
}
/** What is kept of one key: the cells of each variable, and its timers. */
class Kept {
  readonly variables = new Map<string, Map<unknown, Cell>>();
  timers: number[] = [];
  /** Numbers of the elements of lists. */
  next = 0;
}

function byKey(rows: readonly Event[]): Map<string | null, KeyedRow[]> {
  const groups = new Map<string | null, KeyedRow[]>();
  for (const { k, at, n } of rows) {
    const group = groups.get(k) ?? [];
    group.push({ k, at: at === null ? null : new Date(originMs + at), n });
    groups.set(k, group);
  }
  return groups;
}

/** The handle of one batch. */
class NaiveHandle {
  kept: Kept = new Kept();
  readonly #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  #cells(name: string): Map<unknown, Cell> {
    const { variables } = this.kept;
    const cells = variables.get(name) ?? new Map<unknown, Cell>();
    variables.set(name, cells);
    for (const [id, { goneAtMs }] of cells) if (goneAtMs <= this.#nowMs) cells.delete(id);
    return cells;
  }
  #cell(key: unknown, value: unknown, ttl: { readonly ttlDurationMs: number } | undefined): Cell {
    return { key, value, goneAtMs: ttl === undefined ? Infinity : this.#nowMs + ttl.ttlDurationMs };
  }

  getValueState(name: string, _schema: unknown, ttl?: { readonly ttlDurationMs: number }): object {
    return {
      exists: () => this.#cells(name).size > 0,
      get: () => this.#cells(name).get(0)?.value ?? null,
      update: (value: unknown) => this.#cells(name).set(0, this.#cell(0, value, ttl)),
      clear: () => this.#cells(name).clear(),
    };
  }
  getListState(name: string, _schema: unknown, ttl?: { readonly ttlDurationMs: number }): object {
    const append = (value: unknown): unknown => this.#cells(name).set(this.kept.next++, this.#cell(0, value, ttl));
    return {
      exists: () => this.#cells(name).size > 0,
      get: () => [...this.#cells(name).values()].map(({ value }) => value),
      put: (values: Iterable<unknown>) => {
        this.#cells(name).clear();
        for (const value of values) append(value);
      },
      appendValue: append,
      appendList: (values: Iterable<unknown>) => {
        for (const value of values) append(value);
      },
      clear: () => this.#cells(name).clear(),
    };
  }
  getMapState(name: string, _key: unknown, _value: unknown, ttl?: { readonly ttlDurationMs: number }): object {
    return {
      exists: () => this.#cells(name).size > 0,
      getValue: (key: unknown) => this.#cells(name).get(key)?.value ?? null,
      containsKey: (key: unknown) => this.#cells(name).has(key),
      updateValue: (key: unknown, value: unknown) => this.#cells(name).set(key, this.#cell(key, value, ttl)),
      iterator: () => [...this.#cells(name).values()].map(({ key, value }) => [key, value]),
      keys: () => [...this.#cells(name).keys()],
      values: () => [...this.#cells(name).values()].map(({ value }) => value),
      removeKey: (key: unknown) => this.#cells(name).delete(key),
      clear: () => this.#cells(name).clear(),
    };
  }
  registerTimer(at: number): void {
    this.deleteTimer(at);
    this.kept.timers = [...this.kept.timers, at].sort((a, b) => a - b);
  }
  deleteTimer(at: number): void {
    this.kept.timers = this.kept.timers.filter((other) => other !== at);
  }
  listTimers(): readonly number[] {
    return this.kept.timers;
  }
}

/** The rows of each batch of a processor with timers. Late rows are left out where time is that of events. */
export function modelOfProcessor<R extends object>(
  make: Processor<R>,
  timeMode: "EventTime" | "ProcessingTime",
  batches: readonly ModelBatch[],
): R[][] {
  const all = new Map<string | null, Kept>();
  return batches.map(({ rows, late, evict, nowMs }) => {
    const handle = new NaiveHandle(nowMs);
    const typed = handle as unknown as StatefulProcessorHandle;
    const processor = make(typed);
    processor.init?.(typed);
    const watermarkMs = evict + originMs;
    const values = { getCurrentProcessingTimeInMs: () => nowMs, getCurrentWatermarkInMs: () => watermarkMs };
    const turnTo = (k: string | null): Kept => {
      const kept = all.get(k) ?? new Kept();
      all.set(k, kept);
      handle.kept = kept;
      return kept;
    };
    const out: R[] = [];
    const onTime = timeMode === "EventTime" ? rows.filter(({ at }) => at === null || at > late) : rows;
    for (const [k, group] of byKey(onTime)) {
      turnTo(k);
      out.push(...(processor.handleInputRows(k, group, values) ?? []));
    }
    const threshold = timeMode === "EventTime" ? watermarkMs : nowMs;
    const due = [...all].flatMap(([k, { timers }]) => timers.filter((at) => at < threshold).map((at) => ({ k, at })));
    for (const { k, at } of due.sort((a, b) => a.at - b.at)) {
      if (!turnTo(k).timers.includes(at)) continue;
      out.push(...(processor.handleExpiredTimer?.(k, { getExpiryTimeInMs: () => at }, values) ?? []));
      handle.deleteTimer(at);
    }
    return out;
  });
}

/** The state of one key in one call. */
class NaiveGroup implements GroupState<{ readonly seen: number }> {
  exists: boolean;
  timeoutMs = Infinity;
  #value: { readonly seen: number } | null;
  readonly hasTimedOut: boolean;
  readonly #nowMs: number;
  readonly #watermarkMs: number;

  constructor(value: { readonly seen: number } | null, hasTimedOut: boolean, nowMs: number, watermarkMs: number) {
    this.#value = value;
    this.exists = value !== null;
    this.hasTimedOut = hasTimedOut;
    this.#nowMs = nowMs;
    this.#watermarkMs = watermarkMs;
  }
  get(): { readonly seen: number } {
    if (this.#value === null) throw new Error("there is no state");
    return this.#value;
  }
  getOption(): { readonly seen: number } | null {
    return this.#value;
  }
  update(value: { readonly seen: number }): void {
    this.#value = value;
    this.exists = true;
  }
  remove(): void {
    this.#value = null;
    this.exists = false;
  }
  setTimeoutDuration(duration: number | string): void {
    this.timeoutMs = this.#nowMs + Number(duration);
  }
  setTimeoutTimestamp(timestamp: number | Date): void {
    this.timeoutMs = Number(timestamp);
  }
  getCurrentWatermarkMs(): number {
    return this.#watermarkMs;
  }
  getCurrentProcessingTimeMs(): number {
    return this.#nowMs;
  }
}

/** The rows of each batch of a function with a state for each key. Late rows are left out when timeouts are times of events. */
export function modelOfGroups(
  fn: GroupFunction,
  timeout: "EventTimeTimeout" | "ProcessingTimeTimeout",
  batches: readonly ModelBatch[],
): Told[][] {
  const all = new Map<
    string | null,
    { readonly value: { readonly seen: number } | null; readonly timeoutMs: number }
  >();
  return batches.map(({ rows, late, evict, nowMs }) => {
    const watermarkMs = evict + originMs;
    const out: Told[] = [];
    const call = (k: string | null, group: readonly KeyedRow[], hasTimedOut: boolean): void => {
      const state = new NaiveGroup(all.get(k)?.value ?? null, hasTimedOut, nowMs, watermarkMs);
      out.push(...fn(k, group, state));
      all.delete(k);
      if (state.exists || state.timeoutMs !== Infinity) {
        all.set(k, { value: state.getOption(), timeoutMs: state.timeoutMs });
      }
    };
    const onTime = timeout === "EventTimeTimeout" ? rows.filter(({ at }) => at === null || at > late) : rows;
    for (const [k, group] of byKey(onTime)) call(k, group, false);
    const threshold = timeout === "EventTimeTimeout" ? watermarkMs : nowMs;
    for (const [k] of [...all].filter(([, { timeoutMs }]) => timeoutMs < threshold)) call(k, [], true);
    return out;
  });
}
