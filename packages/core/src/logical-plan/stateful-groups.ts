/**
 * `groupByKey(key)` and a function or a processor of the user's with state of its own. What user code gets in its hands is
 * declared here without types; `api/stateful-groups.ts` gives it those of the schemas.
 */
import type { Attribute, UserFunction } from "../expressions/expression.ts";
import type { DataType, StructType } from "../types/data-type.ts";
import type { LogicalPlan } from "./logical-plan.ts";

export type GroupStateTimeout = "NoTimeout" | "ProcessingTimeTimeout" | "EventTimeTimeout";
/** By what clock timers and time-to-live go. */
export type TimeMode = "None" | "ProcessingTime" | "EventTime";
export type GroupsOutputMode = "append" | "update";

/** A type of state: a struct of fields, or one value, the only field `value` of the struct. */
export interface StateType {
  readonly schema: StructType;
  readonly single: boolean;
}

/** `mapGroupsWithState` and `flatMapGroupsWithState`: (key, rows, state) → a row, or rows. */
export interface GroupsWithState {
  readonly kind: "groupsWithState";
  readonly name: "mapGroupsWithState" | "flatMapGroupsWithState";
  readonly fn: UserFunction;
  readonly state: StateType;
  readonly timeout: GroupStateTimeout;
  readonly outputMode: GroupsOutputMode;
}
/** `transformWithState`: a processor with state variables and timers. */
export interface TransformWithState {
  readonly kind: "transformWithState";
  readonly name: "transformWithState";
  /** Makes a processor; called once to see its variables, then once for each partition and batch. */
  readonly fn: UserFunction;
  readonly timeMode: TimeMode;
  readonly outputMode: GroupsOutputMode;
  /** The column of the result that is event time for the operators above. */
  readonly eventTimeColumn?: string;
}
export type GroupsWork = GroupsWithState | TransformWithState;

/** Rows that states begin with: `initial` grouped by `key`. */
export interface InitialGroups {
  readonly plan: LogicalPlan;
  readonly key: UserFunction;
}

export interface StatefulGroups {
  readonly kind: "StatefulGroups";
  readonly input: LogicalPlan;
  readonly key: UserFunction;
  readonly keyType: DataType;
  readonly work: GroupsWork;
  /** Of the rows that come out. */
  readonly schema: StructType;
  readonly initial?: InitialGroups;
}

/** A variable of a processor, as it declared it. */
export interface StateVariable {
  readonly name: string;
  readonly kind: "value" | "list" | "map";
  readonly value: StateType;
  /** Of a map. */
  readonly key?: StateType;
  readonly ttlMs?: number;
}

/** A resolved StatefulGroups: the variables are known. */
export interface ResolvedStatefulGroups {
  readonly kind: "ResolvedStatefulGroups";
  readonly plan: StatefulGroups;
  readonly input: LogicalPlan;
  readonly initial?: LogicalPlan;
  readonly variables: readonly StateVariable[];
  readonly output: readonly Attribute[];
  /** Of a stream: the user's name for what keeps its state. */
  readonly operatorName?: string;
}

// ---- what user code gets --------------------------------------------------------------------------------------------

/** The clocks of a batch, milliseconds since the epoch. */
export interface TimerValues {
  /** The timestamp of the batch: the same for all its keys, and again when it is repeated. */
  getCurrentProcessingTimeInMs(): number;
  /** The watermark of the batch. 0: there is none yet. */
  getCurrentWatermarkInMs(): number;
}
/** The timer that has gone off. */
export interface ExpiredTimerInfo {
  getExpiryTimeInMs(): number;
}

export interface AnyValueState {
  exists(): boolean;
  get(): unknown;
  update(value: unknown): void;
  clear(): void;
}
export interface AnyListState {
  exists(): boolean;
  get(): Iterable<unknown>;
  put(values: Iterable<unknown>): void;
  appendValue(value: unknown): void;
  appendList(values: Iterable<unknown>): void;
  clear(): void;
}
export interface AnyMapState {
  exists(): boolean;
  getValue(key: unknown): unknown;
  containsKey(key: unknown): boolean;
  updateValue(key: unknown, value: unknown): void;
  iterator(): Iterable<readonly [key: unknown, value: unknown]>;
  keys(): Iterable<unknown>;
  values(): Iterable<unknown>;
  removeKey(key: unknown): void;
  clear(): void;
}
/** What a processor declares its variables with, and sets timers. */
export interface AnyProcessorHandle {
  getValueState(variable: StateVariable): AnyValueState;
  getListState(variable: StateVariable): AnyListState;
  getMapState(variable: StateVariable): AnyMapState;
  registerTimer(expiryTimeMs: number): void;
  deleteTimer(expiryTimeMs: number): void;
  listTimers(): Iterable<number>;
}
/** A user's processor after `init`. */
export interface AnyProcessor {
  handleInputRows(key: unknown, rows: Iterable<unknown>, timerValues: TimerValues): Iterable<unknown>;
  handleExpiredTimer?(key: unknown, timer: ExpiredTimerInfo, timerValues: TimerValues): Iterable<unknown>;
  handleInitialState?(key: unknown, row: unknown, timerValues: TimerValues): void;
  close?(): void;
}
/** The closure of {@link TransformWithState.fn}. */
export type MakeProcessor = (handle: AnyProcessorHandle) => AnyProcessor;

export interface AnyGroupState {
  readonly exists: boolean;
  readonly hasTimedOut: boolean;
  get(): unknown;
  getOption(): unknown;
  update(value: unknown): void;
  remove(): void;
  setTimeoutDuration(duration: number | string): void;
  setTimeoutTimestamp(timestamp: number | Date, additionalDuration?: string): void;
  getCurrentWatermarkMs(): number;
  getCurrentProcessingTimeMs(): number;
}
