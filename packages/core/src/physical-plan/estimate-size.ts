/** How many bytes the rows of a plan take, where that can be said before anything runs. */
import { batchMemorySize } from "../columnar/memory-size.ts";
import type { Expr } from "../expressions/expression.ts";
import type { LogicalPlan, Read } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { splitConjunction } from "../expressions/conjunction.ts";
import type { DataType } from "../types/data-type.ts";

/** Bytes of sources as they are stored. */
export type SourceSizes = ReadonlyMap<Read, number>;

/**
 * Bytes as Spark estimates them without statistics: filters keep all, joins multiply, projections change the width of rows.
 * @param sizes bytes of the sources that know
 * @returns undefined when a source does not know
 */
export function estimateBytes(plan: LogicalPlan, sizes: SourceSizes): number | undefined {
  switch (plan.kind) {
    case "LocalScan": {
      const whole = batchMemorySize(plan.batch);
      return plan.batch.columns.length === 0
        ? whole
        : scaled(
            whole,
            plan.batch.schema.fields.map((f) => f.type),
            plan,
          );
    }
    case "RangeScan": {
      const { start, end, step } = plan.range;
      const rows = (end - start) / step;
      return rows < 0n ? 0 : 8 * Number(rows);
    }
    case "Scan": {
      const whole = sizes.get(plan.read);
      return whole === undefined
        ? undefined
        : scaled(
            whole,
            plan.schema.fields.map((f) => f.type),
            plan,
          );
    }
    case "Limit": {
      const below = estimateBytes(plan.input, sizes);
      const rows = plan.limit * rowBytes(outputOf(plan).map((a) => a.type));
      return below === undefined ? rows : Math.min(below, rows);
    }
    case "Union":
      return combined(plan.inputs, sizes, (a, b) => a + b);
    case "SetOperation":
      return combined([plan.left, plan.right], sizes, (a, b) => a + b);
    case "Join":
      return plan.joinType === "leftSemi" || plan.joinType === "leftAnti"
        ? estimateBytes(plan.left, sizes)
        : combined([plan.left, plan.right], sizes, hasEquality(plan.condition) ? Math.max : (a, b) => a * b);
    case "Project":
    case "Aggregate":
    case "Window":
    case "Expand": {
      const below = estimateBytes(plan.input, sizes);
      return below === undefined
        ? undefined
        : scaled(
            below,
            outputOf(plan.input).map((a) => a.type),
            plan,
          );
    }
    case "Filter":
    case "Sort":
    case "Offset":
    case "Repartition":
    case "CollectMetrics":
    case "EventTimeWatermark":
    case "Guard":
      return estimateBytes(plan.input, sizes);
    default:
      // User functions and generators may make any number of rows.
      return undefined;
  }
}

/** Sides that meet by a key: mostly the key of one of them, so that the result has about the rows of the other. */
function hasEquality(condition: Expr | undefined): boolean {
  if (condition === undefined) return false;
  return splitConjunction(condition).some((term) => term.kind === "Call" && (term.fn === "=" || term.fn === "<=>"));
}

function combined(
  inputs: readonly LogicalPlan[],
  sizes: SourceSizes,
  combine: (a: number, b: number) => number,
): number | undefined {
  return inputs
    .map((input) => estimateBytes(input, sizes))
    .reduce((a, b) => (a === undefined || b === undefined ? undefined : combine(a, b)));
}

/** The size when the rows become as wide as those of `plan`. */
function scaled(bytes: number, before: readonly DataType[], plan: LogicalPlan): number {
  return Math.ceil((bytes * rowBytes(outputOf(plan).map((a) => a.type))) / rowBytes(before));
}

function rowBytes(types: readonly DataType[]): number {
  return types.reduce((sum, type) => sum + defaultBytes(type), 8);
}

/** Spark's default sizes of values. */
function defaultBytes(type: DataType): number {
  switch (type.kind) {
    case "null":
    case "boolean":
    case "tinyint":
      return 1;
    case "smallint":
      return 2;
    case "int":
    case "date":
    case "float":
    case "interval_year_month":
      return 4;
    case "decimal":
      return type.precision <= 18 ? 8 : 16;
    case "string":
      return 20;
    case "binary":
      return 100;
    case "array":
      return defaultBytes(type.element);
    case "map":
      return defaultBytes(type.key) + defaultBytes(type.value);
    case "struct":
      return type.fields.reduce((sum, f) => sum + defaultBytes(f.type), 0);
    default:
      return 8;
  }
}
