import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { literal, nullLiteral } from "../expressions/typing.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { arrayType, bigintType, doubleType, stringType } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { originOf } from "./call-site.ts";
import { columnNamed } from "./column-names.ts";
import type {
  ColumnLike,
  ColumnName,
  ColumnNameOfType,
  LiteralValue,
  NumericType,
  Schema,
  Untyped,
} from "./column-types.ts";
import { call } from "./column.ts";
import type { DataFrame } from "./data-frame.ts";
import { type BuildFrame, countOfRows } from "./frame-building.ts";
import { isColumn, literalOf } from "./literal.ts";

const alias = (child: Expr, name: string): Expr => ({ kind: "Alias", child, name });

/** `df.stat`: statistics over the rows. Those that give a number are actions. */
export class DataFrameStatFunctions<S extends Schema, O extends ValueOptions> {
  readonly #input: LogicalPlan;
  readonly #build: BuildFrame<O>;
  readonly #seed: () => bigint;

  constructor(input: LogicalPlan, build: BuildFrame<O>, seed: () => bigint) {
    this.#input = input;
    this.#build = build;
    this.#seed = seed;
  }

  /** Pearson's correlation of two numeric columns; NaN when one of them does not vary or there are no rows. */
  async corr(a: ColumnNameOfType<S, NumericType>, b: ColumnNameOfType<S, NumericType>): Promise<number> {
    return (await this.#number("corr", a, b)) ?? Number.NaN;
  }
  /** Covariance of two numeric columns as samples; NaN for fewer than two rows. */
  async cov(a: ColumnNameOfType<S, NumericType>, b: ColumnNameOfType<S, NumericType>): Promise<number> {
    return (await this.#number("covar_samp", a, b)) ?? Number.NaN;
  }
  /**
   * Approximate quantiles of numeric columns: for each probability a value of the column whose rank is off by at most
   * `relativeError` times the number of rows. NULL and NaN are left out; a column without values gives an empty list.
   * Several columns give a list for each.
   */
  async approxQuantile(
    columns: ColumnNameOfType<S, NumericType>,
    probabilities: readonly number[],
    relativeError: number,
  ): Promise<number[]>;
  async approxQuantile(
    columns: readonly ColumnNameOfType<S, NumericType>[],
    probabilities: readonly number[],
    relativeError: number,
  ): Promise<number[][]>;
  async approxQuantile(
    columns: string | readonly string[],
    probabilities: readonly number[],
    relativeError: number,
  ): Promise<number[] | number[][]> {
    const names = typeof columns === "string" ? [columns] : columns;
    if (!(relativeError >= 0) || probabilities.some((p) => !(p >= 0 && p <= 1))) {
      throw new MillraceError("INVALID_OPTION", {
        option: relativeError >= 0 ? "probabilities" : "relativeError",
        provider: "approxQuantile",
        value: relativeError >= 0 ? probabilities.join(", ") : String(relativeError),
        expected: "Probabilities are from 0 to 1, and the error is not negative.",
      });
    }
    const accuracy = Math.min(2147483647, Math.ceil(1 / Math.max(relativeError, 1e-9)));
    const origin = originOf(this.approxQuantile);
    const aggregates = names.map((name, i) => {
      const column: Expr = { kind: "Cast", child: columnNamed(name, origin), type: doubleType };
      const value = call("if", [call("isnan", [column]), nullLiteral, column]);
      const shares = literal(probabilities, arrayType(doubleType, false));
      return alias(call("percentile_approx", [value, shares, literal(accuracy, { kind: "int" })], origin), `q${i}`);
    });
    const [row] = await this.#build({ kind: "Aggregate", input: this.#input, grouping: [], aggregates }).collect();
    const lists = names.map((_, i) => ((row as Readonly<Record<string, unknown>>)[`q${i}`] ?? []) as number[]);
    return typeof columns === "string" ? lists[0]! : lists;
  }
  /**
   * How often pairs of values occur: a row for each value of the first column, a column for each of the second. The first
   * column is named `a_b`; values are texts, NULL is `null`.
   */
  crosstab<const A extends ColumnName<S>, const B extends ColumnName<S>>(
    a: A,
    b: B,
  ): DataFrame<{ readonly [K in `${A}_${B}`]: "string!" } & Readonly<Record<string, Untyped>>, O> {
    const origin = originOf(this.crosstab);
    const textOf = (name: string): Expr =>
      call("coalesce", [
        { kind: "Cast", child: columnNamed(name, origin), type: stringType },
        literal("null", stringType),
      ]);
    const name = `${a}_${b}`;
    const values: LogicalPlan = {
      kind: "Project",
      input: this.#input,
      expressions: [alias(textOf(a), name), alias(textOf(b), "value")],
    };
    const counted: LogicalPlan = {
      kind: "Derived",
      input: values,
      relation: {
        kind: "Pivot",
        grouping: [columnNamed(`\`${name.replaceAll("`", "``")}\``)],
        column: columnNamed("value"),
        aggregates: [countOfRows],
      },
    };
    return this.#build({
      kind: "Derived",
      input: counted,
      relation: { kind: "NaFill", value: literal(0n, bigintType) },
    });
  }
  /**
   * Values that make up more than about `support` of a column's rows (at least 1%), as one row with an array
   * `name_freqItems` for each column. May hold values that are rarer.
   */
  freqItems<const N extends ColumnName<S>>(
    columns: readonly N[],
    support: number = 0.01,
  ): DataFrame<{ readonly [K in `${N}_freqItems`]: Untyped }, O> {
    if (!(support >= 1e-4 && support <= 1)) {
      throw new MillraceError("INVALID_OPTION", {
        option: "support",
        provider: "freqItems",
        value: String(support),
        expected: "It is a number from 0.0001 to 1.",
      });
    }
    const origin = originOf(this.freqItems);
    const size = literal(Math.floor(1 / support), { kind: "int" });
    const aggregates = columns.map((name) =>
      alias(call("collect_frequent_items", [columnNamed(name, origin), size], origin), `${name}_freqItems`),
    );
    return this.#build({ kind: "Aggregate", input: this.#input, grouping: [], aggregates });
  }
  /**
   * A sample of each group of rows with the same value of a column, without replacement: `fractions` says how much of
   * which group, the others are left out. `df.stat.sampleBy("key", new Map([[0, 0.1], [1, 0.2]]), 7)`
   */
  sampleBy(
    column: ColumnName<S> | ColumnLike,
    fractions: ReadonlyMap<LiteralValue, number> | Readonly<Record<string, number>>,
    seed?: number | bigint,
  ): DataFrame<S, O> {
    const origin = originOf(this.sampleBy);
    const key = isColumn(column) ? column.expr : columnNamed(column, origin);
    const entries: readonly (readonly [LiteralValue, number])[] =
      fractions instanceof Map ? [...(fractions as ReadonlyMap<LiteralValue, number>)] : Object.entries(fractions);
    const branches = entries.flatMap(([value, fraction]) => {
      if (!(fraction >= 0 && fraction <= 1)) {
        throw new MillraceError("INVALID_OPTION", {
          option: "fractions",
          provider: "sampleBy",
          value: String(fraction),
          expected: "Fractions are from 0 to 1.",
        });
      }
      return [call("<=>", [key, literalOf(value)], origin), literal(fraction, doubleType)];
    });
    const fraction =
      branches.length === 0 ? literal(0, doubleType) : call("when", [...branches, literal(0, doubleType)]);
    const random = call("rand", [literal(seed === undefined ? this.#seed() : BigInt(seed), bigintType)]);
    return this.#build({ kind: "Filter", input: this.#input, condition: call("<", [random, fraction]) });
  }

  async #number(name: string, a: string, b: string): Promise<number | null> {
    const aggregates = [alias(call(name, [columnNamed(a), columnNamed(b)]), "value")];
    const frame = this.#build<{ readonly value: "double" }>({
      kind: "Aggregate",
      input: this.#input,
      grouping: [],
      aggregates,
    });
    const [row] = await frame.collect();
    return (row?.value as number | null | undefined) ?? null;
  }
}
