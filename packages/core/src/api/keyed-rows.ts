import type { UserFunction } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { field, structType } from "../types/data-type.ts";
import { toDataType } from "../types/schema-conversion.ts";
import type { SchemaLiteral, StructLiteral, TypeLiteral, ValueOptions } from "../types/schema-literal.ts";
import { attribute } from "./column-names.ts";
import type { Row, Schema } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";
import { type BuildFrame, countOfRows } from "./frame-building.ts";
import type { Returned, ReturnedSchema } from "./row-types.ts";
import { isTypeLiteral, resultSchema, userFunction } from "./user-function.ts";

/** Rows grouped by a key that a function computed: `df.groupByKey((r) => r.url.length, "int")`. */
export class KeyedRows<S extends Schema, K extends TypeLiteral, O extends ValueOptions> {
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
