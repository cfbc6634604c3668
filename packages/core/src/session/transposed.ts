/** `transpose`: reads the rows of its input and puts a table of their values in its place. */
import { batchFromValues, valuesOfBatch } from "../columnar/batch-from-values.ts";
import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { findTightestCommonType, isAtomic } from "../functions/coercion.ts";
import { quotedType } from "../functions/type-text.ts";
import type { LocalRelation, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { type DataType, field, type SqlValue, stringType, structType } from "../types/data-type.ts";
import { simpleString } from "../types/type-names.ts";
import type { EmbeddedEngine } from "./embedded-engine.ts";

/** @throws MillraceError TRANSPOSE_INVALID_INDEX_COLUMN, TRANSPOSE_NO_LEAST_COMMON_TYPE, TRANSPOSE_EXCEED_ROW_LIMIT */
export async function transposed(
  engine: EmbeddedEngine,
  input: LogicalPlan,
  index: Expr | undefined,
): Promise<LocalRelation> {
  const columns = outputOf(await engine.analyze(input));
  if (columns.length === 0) return { kind: "LocalRelation", batch: batchFromValues(structType([]), []) };
  const at = index === undefined ? 0 : await positionOf(index, input, columns, engine);
  const { type } = columns[at]!;
  if (!isAtomic(type)) {
    throw new MillraceError("TRANSPOSE_INVALID_INDEX_COLUMN", {
      reason: `The index column must be of an atomic type, but is ${simpleString(type)}`,
    });
  }
  const others = columns.filter((_, i) => i !== at);
  const common = commonType(others);
  const rows = await rowsByIndex(engine, input, columns, at, common);
  const [names, values] = [rows.map((row) => row[0] as string), rows.map((row) => row.slice(1))];
  const schema = structType([field("key", stringType, false), ...names.map((name) => field(name, common, true))]);
  const transposedRows = others.map((column, i) => [column.name, ...values.map((row): SqlValue => row[i]!)]);
  return { kind: "LocalRelation", batch: batchFromValues(schema, transposedRows) };
}

/** Position of the index among the columns: it must be one of them, nothing computed. */
async function positionOf(
  index: Expr,
  input: LogicalPlan,
  columns: readonly Attribute[],
  engine: EmbeddedEngine,
): Promise<number> {
  const star: Expr = { kind: "UnresolvedStar", target: [] };
  const [found, ...all] = outputOf(await engine.analyze({ kind: "Project", input, expressions: [index, star] }));
  const at = index.kind === "UnresolvedAttribute" ? all.findIndex((column) => column.id === found!.id) : -1;
  if (at >= 0 && at < columns.length) return at;
  throw new MillraceError("TRANSPOSE_INVALID_INDEX_COLUMN", {
    reason: "The index column must be a column of the table",
  });
}

/** Text is no common type of numbers and text here. */
function commonType(columns: readonly Attribute[]): DataType {
  return columns.slice(1).reduce((common, { type }) => {
    const next = findTightestCommonType(common, type);
    if (next !== undefined) return next;
    throw new MillraceError("TRANSPOSE_NO_LEAST_COMMON_TYPE", { dt1: quotedType(common), dt2: quotedType(type) });
  }, columns[0]?.type ?? stringType);
}

/** For each row with an index, in the order of the indexes: the index as text, and the other values. */
async function rowsByIndex(
  engine: EmbeddedEngine,
  input: LogicalPlan,
  columns: readonly Attribute[],
  at: number,
  common: DataType,
): Promise<SqlValue[][]> {
  const most = Number(engine.conf.required("spark.sql.transposeMaxValues"));
  const nth = (i: number): Expr => ({ kind: "UnresolvedAttribute", parts: [`c${i}`] });
  const as = (child: Expr, type: DataType, name: string): Expr => {
    return { kind: "Alias", child: { kind: "Cast", child, type }, name };
  };
  const present: LogicalPlan = {
    kind: "Filter",
    condition: { kind: "UnresolvedFunction", name: "isnotnull", args: [nth(at)], distinct: false },
    // Names may stand several times among the columns; positions do not.
    input: { kind: "ToDF", input, names: columns.map((_, i) => `c${i}`) },
  };
  const order = [{ kind: "SortOrder", child: nth(at), direction: "ascending", nulls: "first" }] as const;
  const plan: LogicalPlan = {
    kind: "Limit",
    limit: most + 1,
    input: {
      kind: "Project",
      input: { kind: "Sort", input: present, order },
      expressions: [
        as(nth(at), stringType, "index"),
        ...columns.flatMap((_, i) => (i === at ? [] : [as(nth(i), common, `value ${i}`)])),
      ],
    },
  };
  const rows: SqlValue[][] = [];
  for await (const batch of engine.execute(plan)) rows.push(...valuesOfBatch(batch));
  if (rows.length <= most) return rows;
  throw new MillraceError("TRANSPOSE_EXCEED_ROW_LIMIT", {
    maxValues: String(most),
    config: "spark.sql.transposeMaxValues",
  });
}
