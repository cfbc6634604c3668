import { MillraceError } from "../errors/index.ts";
import type { DerivedRelation } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { ColumnName, LiteralValue, Schema } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";
import type { Filled, FilledByName, FillValue, Present } from "./frame-types.ts";
import type { BuildFrame } from "./frame-building.ts";
import { literalOf } from "./literal.ts";

/** Values by column name, for `na.fill`. */
export type FillValues<S> = { readonly [K in ColumnName<S>]?: FillValue };
/** Old values and new ones: an object (its keys are text), or a Map. */
export type Replacements = Readonly<Record<string, LiteralValue>> | ReadonlyMap<LiteralValue, LiteralValue>;

const listOf = <N extends string>(names: N | readonly N[] | null | undefined): readonly N[] | undefined =>
  names === null || names === undefined ? undefined : typeof names === "string" ? [names] : names;

/** `df.na`: rows and values that are missing. NaN counts as missing, too. All of it works on streams. */
export class DataFrameNaFunctions<S extends Schema, O extends ValueOptions> {
  readonly #input: LogicalPlan;
  readonly #build: BuildFrame<O>;

  constructor(input: LogicalPlan, build: BuildFrame<O>) {
    this.#input = input;
    this.#build = build;
  }

  /**
   * Rows without missing values: `any` drops a row where one of the columns is missing, `all` where all are. With a
   * threshold a row stays that has at least so many values. `df.na.drop("any", null, ["price"])`
   */
  drop<const N extends ColumnName<S> = ColumnName<S>>(
    how?: "any",
    threshold?: null,
    columns?: N | readonly N[] | null,
  ): DataFrame<Present<S, N>, O>;
  drop(
    how: "any" | "all" | null,
    threshold?: number | null,
    columns?: ColumnName<S> | readonly ColumnName<S>[] | null,
  ): DataFrame<S, O>;
  drop(how: "any" | "all" | null = "any", threshold: number | null = null, columns?: unknown): unknown {
    if (how !== null && how !== "any" && how !== "all") {
      throw new MillraceError("INVALID_OPTION", {
        option: "how",
        provider: "na.drop",
        value: String(how),
        expected: 'It is "any" or "all".',
      });
    }
    const names = listOf(columns as string | readonly string[] | undefined);
    const least = threshold ?? (how === "all" ? 1 : undefined);
    return this.#derived({
      kind: "NaDrop",
      ...(names === undefined ? {} : { columns: names }),
      ...(least === undefined ? {} : { minNonNulls: least }),
    });
  }

  /**
   * Missing values replaced: by one value in all columns of its type (a number goes into every numeric column), or by a
   * value for each column. `df.na.fill(0)`, `df.na.fill("?", ["name"])`, `df.na.fill({ name: "?", age: 0 })`
   */
  fill<const V extends FillValue, const N extends ColumnName<S> = ColumnName<S>>(
    value: V,
    columns?: N | readonly N[] | null,
  ): DataFrame<Filled<S, V, N>, O>;
  fill<const R extends FillValues<S>>(values: R): DataFrame<FilledByName<S, R>, O>;
  fill(value: FillValue | Readonly<Record<string, FillValue>>, columns?: unknown): unknown {
    if (typeof value === "object") {
      const values = Object.entries(value).map(([name, each]) => [name, literalOf(each)] as const);
      return this.#derived({ kind: "NaFill", values });
    }
    const names = listOf(columns as string | readonly string[] | undefined);
    return this.#derived({
      kind: "NaFill",
      value: literalOf(value),
      ...(names === undefined ? {} : { columns: names }),
    });
  }

  /**
   * Values replaced by others, in the columns of their type: one value, lists of the same length, or a table.
   * `df.na.replace("?", null)`, `df.na.replace([1, 2], [10, 20], "n")`, `df.na.replace({ Jim: "James" })`
   */
  replace(
    from: LiteralValue | readonly LiteralValue[] | Replacements,
    to?: LiteralValue | readonly LiteralValue[],
    columns?: ColumnName<S> | readonly ColumnName<S>[] | null,
  ): DataFrame<S, O> {
    const names = listOf(columns);
    return this.#derived({
      kind: "NaReplace",
      replacements: pairs(from, to).map(([old, next]) => [literalOf(old), literalOf(next)] as const),
      ...(names === undefined ? {} : { columns: names }),
    });
  }

  #derived<R extends Schema>(relation: DerivedRelation): DataFrame<R, O> {
    return this.#build({ kind: "Derived", input: this.#input, relation });
  }
}

function pairs(from: unknown, to: unknown): readonly (readonly [LiteralValue, LiteralValue])[] {
  if (from instanceof Map) return [...(from as ReadonlyMap<LiteralValue, LiteralValue>)];
  const plain = from === null || typeof from !== "object" || from instanceof Date || from instanceof Uint8Array;
  if (!plain && !Array.isArray(from)) return Object.entries(from as Readonly<Record<string, LiteralValue>>);
  const olds = (Array.isArray(from) ? from : [from]) as readonly LiteralValue[];
  const news = (Array.isArray(to) ? to : olds.map(() => to ?? null)) as readonly LiteralValue[];
  if (olds.length !== news.length) {
    throw new MillraceError("LENGTH_SHOULD_BE_THE_SAME", {
      arg1: "from",
      arg2: "to",
      arg1_length: String(olds.length),
      arg2_length: String(news.length),
    });
  }
  return olds.map((old, i) => [old, news[i]!]);
}
