import type { UserFunction } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type {
  AnyProcessorHandle,
  GroupsOutputMode,
  GroupsWithState,
  GroupsWork,
} from "../logical-plan/stateful-groups.ts";
import { field, structType } from "../types/data-type.ts";
import { toDataType } from "../types/schema-conversion.ts";
import type { SchemaLiteral, StructLiteral, TypeLiteral, ValueOptions } from "../types/schema-literal.ts";
import { attribute } from "./column-names.ts";
import type { Row, Schema } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";
import { type BuildFrame, countOfRows } from "./frame-building.ts";
import type { Returned, ReturnedSchema } from "./row-types.ts";
import {
  type GroupState,
  type GroupsWithStateOptions,
  initialized,
  type MakeStatefulProcessor,
  type OutputRows,
  stateTypeOf,
  type TransformWithStateOptions,
  valuesAsRows,
} from "./stateful-groups.ts";
import { isTypeLiteral, resultSchema, userFunction } from "./user-function.ts";

/** What is called for a key with its rows and its state. */
type GroupFunction<K extends TypeLiteral, S, T extends TypeLiteral | SchemaLiteral, O extends ValueOptions, Result> = (
  key: Returned<K, O>,
  rows: Iterable<Row<S, O>>,
  state: GroupState<NonNullable<Returned<T, O>>>,
) => Result;

/** Rows grouped by a key that a function computed: `df.groupByKey((r) => r.url.length, "int")`. */
export class KeyedRows<S, K extends TypeLiteral, O extends ValueOptions> {
  readonly #input: LogicalPlan;
  readonly #key: UserFunction;
  readonly #keyType: K;
  readonly #build: BuildFrame<O>;

  constructor(input: LogicalPlan, key: UserFunction, keyType: K, build: BuildFrame<O>) {
    this.#input = input;
    this.#key = key;
    this.#keyType = keyType;
    this.#build = build;
  }

  /** The number of rows of each key. Columns: `key`, `count`. */
  count(): DataFrame<{ readonly key: K; readonly count: "bigint!" }, O> {
    const keyOf = this.#key.closure as (row: unknown) => unknown;
    const nullable = typeof this.#keyType === "string" ? !this.#keyType.endsWith("!") : this.#keyType.nullable;
    const keys: LogicalPlan = {
      kind: "UserRows",
      input: this.#input,
      how: "map",
      fn: userFunction((row: unknown) => ({ key: keyOf(row) }), this.#key.name),
      schema: structType([field("key", toDataType(this.#keyType), nullable)]),
    };
    const aggregates = [{ kind: "Alias", child: countOfRows, name: "count" }] as const;
    return this.#build({ kind: "Aggregate", input: keys, grouping: [attribute(["key"])], aggregates });
  }

  /**
   * One row per key, by combining two rows at a time; the function must not depend on their order. Columns: `key`, and
   * `value` with the columns of the row.
   */
  reduceGroups(
    fn: (a: Row<S, O>, b: Row<S, O>) => Row<S, O>,
  ): DataFrame<{ readonly key: K; readonly value: StructLiteral<S, true> }, O> {
    return this.#groups("reduce", userFunction(fn));
  }

  /** One row, or one value, per key, computed from all its rows. */
  mapGroups<const R extends TypeLiteral | SchemaLiteral>(
    fn: (key: Returned<K, O>, rows: Iterable<Row<S, O>>) => Returned<R, O>,
    schema: R,
  ): DataFrame<ReturnedSchema<R>, O> {
    const single = isTypeLiteral(schema);
    const closure = single ? (key: Returned<K, O>, rows: Iterable<Row<S, O>>) => ({ value: fn(key, rows) }) : fn;
    return this.#groups("mapGroups", userFunction(closure, fn.name), schema);
  }

  /** Any number of rows, or values, per key, computed from all its rows. */
  flatMapGroups<const R extends TypeLiteral | SchemaLiteral>(
    fn: (key: Returned<K, O>, rows: Iterable<Row<S, O>>) => Iterable<Returned<R, O>>,
    schema: R,
  ): DataFrame<ReturnedSchema<R>, O> {
    const single = isTypeLiteral(schema);
    const closure = single
      ? (key: Returned<K, O>, rows: Iterable<Row<S, O>>) => Iterator.from(fn(key, rows)).map((value) => ({ value }))
      : fn;
    return this.#groups("flatMapGroups", userFunction(closure, fn.name), schema);
  }

  /**
   * One row, or one value, per key and batch, from its rows of the batch and a state that you keep from batch to batch. The
   * function is called once for each key that has rows in the batch, and for each key whose timeout has expired. Streams take
   * it in output mode `update`; of a table it sees all rows of a key at once.
   * @throws FLATMAPGROUPSWITHSTATE_USER_FUNCTION_ERROR what the function throws, with key and batch
   */
  mapGroupsWithState<
    const T extends TypeLiteral | SchemaLiteral,
    const R extends TypeLiteral | SchemaLiteral,
    I extends Schema = Schema,
  >(
    fn: GroupFunction<K, S, T, O, Returned<R, O>>,
    options: GroupsWithStateOptions<T, R, I, K, O>,
  ): DataFrame<ReturnedSchema<R>, O> {
    const single = isTypeLiteral(options.output);
    const closure = (key: unknown, rows: unknown, state: unknown): unknown => {
      const made: unknown = fn(key as never, rows as never, state as never);
      return [single ? { value: made } : made];
    };
    return this.#withState("mapGroupsWithState", userFunction(closure, fn.name), { ...options, outputMode: "update" });
  }

  /** As {@link mapGroupsWithState}, with any number of rows, or values, per key and batch, or none. */
  flatMapGroupsWithState<
    const T extends TypeLiteral | SchemaLiteral,
    const R extends TypeLiteral | SchemaLiteral,
    I extends Schema = Schema,
  >(
    fn: GroupFunction<K, S, T, O, OutputRows<Returned<R, O>>>,
    options: GroupsWithStateOptions<T, R, I, K, O> & { readonly outputMode: GroupsOutputMode },
  ): DataFrame<ReturnedSchema<R>, O> {
    const closure = (key: unknown, rows: unknown, state: unknown): unknown => {
      const made = fn(key as never, rows as never, state as never);
      return isTypeLiteral(options.output) && made !== undefined ? valuesAsRows(made) : made;
    };
    return this.#withState("flatMapGroupsWithState", userFunction(closure, fn.name), options);
  }

  /**
   * Rows that a processor makes of the rows of each key, with state variables and timers of its own. `make` is called to see
   * the variables, and then once for each batch and partition of the keys.
   * @throws TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR what a handler throws, with key and batch
   */
  transformWithState<const R extends TypeLiteral | SchemaLiteral, I extends Schema = Schema>(
    make: MakeStatefulProcessor<Returned<K, O>, Row<S, O>, Returned<R, O>, O, Row<I, O>>,
    options: TransformWithStateOptions<R, I, K, O>,
  ): DataFrame<ReturnedSchema<R>, O> {
    const { output, outputMode = "append", timeMode = "None", eventTimeColumn, initialState } = options;
    const single = isTypeLiteral(output);
    const makeAny = make as unknown as Parameters<typeof initialized>[0];
    const closure = (handle: AnyProcessorHandle): unknown => initialized(makeAny, handle, single);
    return this.#statefulGroups(
      {
        kind: "transformWithState",
        name: "transformWithState",
        fn: userFunction(closure, make.name),
        timeMode,
        outputMode,
        ...(eventTimeColumn === undefined ? {} : { eventTimeColumn }),
      },
      output,
      initialState,
    );
  }

  #withState<R extends Schema, I>(
    name: GroupsWithState["name"],
    fn: UserFunction,
    options: GroupsWithStateOptions<TypeLiteral | SchemaLiteral, TypeLiteral | SchemaLiteral, I, K, O> & {
      readonly outputMode: GroupsOutputMode;
    },
  ): DataFrame<R, O> {
    const { state, output, outputMode, timeout = "NoTimeout", initialState } = options;
    const work = { kind: "groupsWithState", name, fn, state: stateTypeOf(state), timeout, outputMode } as const;
    return this.#statefulGroups(work, output, initialState);
  }

  #statefulGroups<R extends Schema, I>(
    work: GroupsWork,
    output: TypeLiteral | SchemaLiteral,
    initial: KeyedRows<I, K, O> | undefined,
  ): DataFrame<R, O> {
    return this.#build({
      kind: "StatefulGroups",
      input: this.#input,
      key: this.#key,
      keyType: toDataType(this.#keyType),
      work,
      schema: resultSchema(output),
      ...(initial === undefined ? {} : { initial: { plan: initial.#input, key: initial.#key } }),
    });
  }

  #groups<R extends Schema>(
    how: "reduce" | "mapGroups" | "flatMapGroups",
    fn: UserFunction,
    schema?: TypeLiteral | SchemaLiteral,
  ): DataFrame<R, O> {
    return this.#build({
      kind: "KeyedGroups",
      input: this.#input,
      key: this.#key,
      keyType: toDataType(this.#keyType),
      how,
      fn,
      ...(schema === undefined ? {} : { schema: resultSchema(schema) }),
    });
  }
}
