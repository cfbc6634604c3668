/**
 * State of your own for each key of a stream, typed by the schemas it is kept as: `mapGroupsWithState`,
 * `flatMapGroupsWithState`, `transformWithState` of {@link KeyedRows}.
 */
import type {
  AnyProcessor,
  AnyProcessorHandle,
  ExpiredTimerInfo,
  GroupsOutputMode,
  GroupStateTimeout,
  StateType,
  StateVariable,
  TimeMode,
  TimerValues,
} from "../logical-plan/stateful-groups.ts";
import type { SchemaLiteral, TypeLiteral, ValueOptions } from "../types/schema-literal.ts";
import type { KeyedRows } from "./keyed-rows.ts";
import type { Returned } from "./row-types.ts";
import { isTypeLiteral, resultSchema } from "./user-function.ts";

export type { ExpiredTimerInfo, GroupsOutputMode, GroupStateTimeout, TimeMode, TimerValues };

/**
 * The state of the key that a function of `mapGroupsWithState` or `flatMapGroupsWithState` is called for. Changes are kept
 * when the batch is committed; a batch that fails or is repeated begins with the state of the batch before.
 * @see Spark `GroupState`
 */
export interface GroupState<S> {
  /** Whether there is a state. */
  readonly exists: boolean;
  /** Whether the function is called because the key's timeout has expired: without rows, after those with rows. */
  readonly hasTimedOut: boolean;
  /** The state. @throws STATE_NOT_DEFINED */
  get(): S;
  /** The state, or null. */
  getOption(): S | null;
  /** Sets the state. @throws ILLEGAL_STATE_STORE_VALUE.NULL_VALUE */
  update(state: S): void;
  /** Removes the state; a timeout that is set in the same call stays. */
  remove(): void;
  /**
   * Calls the function again when no call for the key has set another timeout for so long: milliseconds, or `10 minutes`. To
   * be set again in every call. For timeout `ProcessingTimeTimeout`.
   * @throws CANNOT_SET_TIMEOUT_DURATION, INVALID_GROUP_STATE_TIMEOUT
   */
  setTimeoutDuration(duration: number | string): void;
  /**
   * Calls the function again when the watermark has passed a time (milliseconds since the epoch, or a Date), or that much
   * later. To be set again in every call. For timeout `EventTimeTimeout`.
   * @throws CANNOT_SET_TIMEOUT_TIMESTAMP, INVALID_GROUP_STATE_TIMEOUT when it lies before the watermark
   */
  setTimeoutTimestamp(timestamp: number | Date, additionalDuration?: string): void;
  /** Milliseconds since the epoch; 0 before the first. @throws CANNOT_GET_EVENT_TIME_WATERMARK without one */
  getCurrentWatermarkMs(): number;
  /** The batch's timestamp, milliseconds since the epoch: the same when the batch is repeated. */
  getCurrentProcessingTimeMs(): number;
}

/** One value for each key. */
export interface ValueState<T> {
  exists(): boolean;
  /** The value, or null. */
  get(): T | null;
  /** @throws ILLEGAL_STATE_STORE_VALUE.NULL_VALUE */
  update(value: T): void;
  clear(): void;
}
/** A list for each key; adding to it does not read what is there. */
export interface ListState<T> {
  exists(): boolean;
  /** The values, oldest first. */
  get(): Iterable<T>;
  /** Replaces the list. @throws ILLEGAL_STATE_STORE_VALUE.EMPTY_LIST_VALUE, ILLEGAL_STATE_STORE_VALUE.NULL_VALUE */
  put(values: Iterable<T>): void;
  appendValue(value: T): void;
  appendList(values: Iterable<T>): void;
  clear(): void;
}
/** A map for each key; its entries are read and written one by one. */
export interface MapState<K, V> {
  exists(): boolean;
  /** The value of a key, or null. */
  getValue(key: K): V | null;
  containsKey(key: K): boolean;
  updateValue(key: K, value: V): void;
  /** All entries, in an order that depends on their keys alone. */
  iterator(): Iterable<readonly [key: K, value: V]>;
  keys(): Iterable<K>;
  values(): Iterable<V>;
  removeKey(key: K): void;
  clear(): void;
}

/** Time to live: a value counts as gone so many milliseconds after the timestamp of the batch that wrote it. */
export interface TtlConfig {
  readonly ttlDurationMs: number;
}

/** What a processor declares its variables with, in `init`, and sets timers with, in its handlers. */
export interface StatefulProcessorHandle<O extends ValueOptions = {}> {
  /** @param schema of the value: a type, or a schema of fields. Fields that can be NULL may be added at its end later */
  getValueState<const T extends TypeLiteral | SchemaLiteral>(
    name: string,
    schema: T,
    ttl?: TtlConfig,
  ): ValueState<NonNullable<Returned<T, O>>>;
  getListState<const T extends TypeLiteral | SchemaLiteral>(
    name: string,
    schema: T,
    ttl?: TtlConfig,
  ): ListState<NonNullable<Returned<T, O>>>;
  getMapState<const K extends TypeLiteral | SchemaLiteral, const V extends TypeLiteral | SchemaLiteral>(
    name: string,
    keySchema: K,
    valueSchema: V,
    ttl?: TtlConfig,
  ): MapState<NonNullable<Returned<K, O>>, NonNullable<Returned<V, O>>>;
  /** Calls `handleExpiredTimer` for the key when the time, milliseconds since the epoch, has passed. Once for each time. */
  registerTimer(expiryTimeMs: number): void;
  deleteTimer(expiryTimeMs: number): void;
  /** The key's timers, ascending. */
  listTimers(): Iterable<number>;
}

/** What handlers give out: any number of rows, or nothing. */
export type OutputRows<R> = Iterable<R> | void;

/**
 * User code with state variables and timers. For each batch and partition of keys a new one is made: fields of an object do
 * not outlive the batch, its state variables do.
 * @see Spark `StatefulProcessor`
 */
export interface StatefulProcessor<K = unknown, I = unknown, R = unknown, O extends ValueOptions = {}, Init = unknown> {
  /** Declares the variables; always the same ones. */
  init?(handle: StatefulProcessorHandle<O>): void;
  /** Called once for each key that has rows in the batch, with all of them. */
  handleInputRows(key: K, rows: Iterable<I>, timerValues: TimerValues): OutputRows<R>;
  /** Called for each timer that has expired, in the order of their times, after the rows of the batch. */
  handleExpiredTimer?(key: K, timer: ExpiredTimerInfo, timerValues: TimerValues): OutputRows<R>;
  /** Called in the first batch, before the rows, for each row of the initial state. */
  handleInitialState?(key: K, row: Init, timerValues: TimerValues): void;
  /** Called at the end of each batch. */
  close?(): void;
}

/** Makes a processor: `() => new FailedLogins()`, or `(handle) => { const n = handle.getValueState(…); return { … }; }`. */
export type MakeStatefulProcessor<K, I, R, O extends ValueOptions, Init> = (
  handle: StatefulProcessorHandle<O>,
) => StatefulProcessor<K, I, R, O, Init>;

export interface GroupsWithStateOptions<T, R, I, K extends TypeLiteral, O extends ValueOptions> {
  /** What the state is kept as: a type, or a schema of fields. */
  readonly state: T;
  /** Of the rows that come out. */
  readonly output: R;
  /** What calls the function without rows. Default: `NoTimeout`. */
  readonly timeout?: GroupStateTimeout;
  /** States to begin with, one row for each key: its columns of the state, or the column `value` for a type. */
  readonly initialState?: KeyedRows<I, K, O>;
}

export interface TransformWithStateOptions<R, I, K extends TypeLiteral, O extends ValueOptions> {
  /** Of the rows that come out. */
  readonly output: R;
  /** `append` (default): rows are final; `update`: rows of the same key replace earlier ones. */
  readonly outputMode?: GroupsOutputMode;
  /** The clock of timers; time to live needs `ProcessingTime`. Default: `None`, no timers. */
  readonly timeMode?: TimeMode;
  /** The column of the result that is event time for what follows; its rows must not be older than the watermark. */
  readonly eventTimeColumn?: string;
  /** Rows to begin with, for `handleInitialState`. */
  readonly initialState?: KeyedRows<I, K, O>;
}

export function stateTypeOf(literal: TypeLiteral | SchemaLiteral): StateType {
  return { schema: resultSchema(literal), single: isTypeLiteral(literal) };
}

/** The typed handle over that of the engine. */
export function typedHandle<O extends ValueOptions>(handle: AnyProcessorHandle): StatefulProcessorHandle<O> {
  const variable = (
    name: string,
    kind: StateVariable["kind"],
    value: TypeLiteral | SchemaLiteral,
    ttl: TtlConfig | undefined,
    key?: TypeLiteral | SchemaLiteral,
  ): StateVariable => ({
    name,
    kind,
    value: stateTypeOf(value),
    ...(key === undefined ? {} : { key: stateTypeOf(key) }),
    ...(ttl === undefined ? {} : { ttlMs: ttl.ttlDurationMs }),
  });
  return {
    getValueState: <T>(name: string, schema: TypeLiteral | SchemaLiteral, ttl?: TtlConfig) =>
      handle.getValueState(variable(name, "value", schema, ttl)) as ValueState<T>,
    getListState: <T>(name: string, schema: TypeLiteral | SchemaLiteral, ttl?: TtlConfig) =>
      handle.getListState(variable(name, "list", schema, ttl)) as ListState<T>,
    getMapState: <K, V>(
      name: string,
      key: TypeLiteral | SchemaLiteral,
      value: TypeLiteral | SchemaLiteral,
      ttl?: TtlConfig,
    ) => handle.getMapState(variable(name, "map", value, ttl, key)) as MapState<K, V>,
    registerTimer: (expiryTimeMs) => handle.registerTimer(expiryTimeMs),
    deleteTimer: (expiryTimeMs) => handle.deleteTimer(expiryTimeMs),
    listTimers: () => handle.listTimers(),
  } as StatefulProcessorHandle<O>;
}

/** A processor after `init`, as the engine calls it: rows of single values get a column `value`. */
export function initialized(
  make: (handle: StatefulProcessorHandle) => StatefulProcessor,
  handle: AnyProcessorHandle,
  single: boolean,
): AnyProcessor {
  const typed = typedHandle(handle);
  const processor = make(typed);
  processor.init?.(typed);
  const asRows = (rows: OutputRows<unknown>): Iterable<unknown> =>
    single && rows !== undefined ? valuesAsRows(rows) : (rows as Iterable<unknown>);
  return {
    handleInputRows: (key, rows, values) => asRows(processor.handleInputRows(key, rows, values)),
    handleExpiredTimer: (key, timer, values) => asRows(processor.handleExpiredTimer?.(key, timer, values)),
    handleInitialState: (key, row, values) => processor.handleInitialState?.(key, row, values),
    close: () => processor.close?.(),
  };
}

/** Rows with one column `value`. */
export function* valuesAsRows(values: Iterable<unknown>): Generator<{ readonly value: unknown }> {
  for (const value of values) yield { value };
}
