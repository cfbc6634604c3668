/** One window expression as a function from sorted partitions to the column of its values. */
import type { CompiledPipeline } from "../../codegen/compile-pipeline.ts";
import type { Vector } from "../../columnar/vector.ts";
import { assertInvariant, unreachable } from "../../errors/index.ts";
import type { Expr, WindowExpression } from "../../expressions/expression.ts";
import { nullableOf, typeOf } from "../../expressions/typing.ts";
import type { FrameBound, WindowCall } from "../../expressions/window-expression.ts";
import type { EvalContext } from "../../functions/function.ts";
import { functionRegistry } from "../../functions/registry.ts";
import { type StructType, structType } from "../../types/data-type.ts";
import { framedAggregate } from "./framed-aggregate.ts";
import { computeFrames, type Frames, type LimitColumns } from "./frames.ts";
import { frameValues, offsetValues } from "./neighbours.ts";
import { cumulativeDistribution, denseRanks, percentRanks, ranks, rowNumbers, tiles } from "./ranks.ts";
import type { WindowRows } from "./window-rows.ts";

export type WindowColumn = (rows: WindowRows) => Vector;

/** The schema of columns computed by expressions, and the projection that computes them. */
export type Projection = (expressions: readonly Expr[], schema: StructType) => CompiledPipeline;

/** Columns of expressions over the rows. */
export function columnsOf(
  expressions: readonly Expr[],
  project: Projection,
): (rows: WindowRows["batch"]) => readonly Vector[] {
  if (expressions.length === 0) return () => [];
  const schema = structType(
    expressions.map((expr, i) => ({ name: `column ${i}`, type: typeOf(expr), nullable: nullableOf(expr) })),
  );
  const pipeline = project(expressions, schema);
  return (batch) => pipeline.run(batch).columns;
}

export function compileWindowFunction(
  window: WindowExpression,
  project: Projection,
  context: EvalContext,
): WindowColumn {
  const { fn } = window;
  assertInvariant(fn.kind !== "UnresolvedFunction", "an unresolved window function is executed");
  if (fn.kind === "WindowCall") return windowCall(fn, window, project);
  const inputs = columnsOf(fn.filter === undefined ? fn.args : [...fn.args, fn.filter], project);
  const aggregate = framedAggregate(fn, context);
  const frames = framesOf(window, project);
  return (rows) => aggregate(frames(rows), inputs(rows.batch));
}

function framesOf({ frame }: WindowExpression, project: Projection): (rows: WindowRows) => Frames {
  assertInvariant(frame !== undefined, "a window without a frame is executed");
  const limitOf = (bound: FrameBound): ((rows: WindowRows) => LimitColumns | undefined) => {
    if (bound.kind !== "offset" || bound.limit === undefined) return () => undefined;
    const columns = columnsOf([bound.limit.key, bound.limit.value], project);
    return ({ batch }) => {
      const [key, limit] = columns(batch);
      return { key: key!, limit: limit! };
    };
  };
  const lower = limitOf(frame.lower);
  const upper = limitOf(frame.upper);
  return (rows) => computeFrames(frame, rows, lower(rows), upper(rows));
}

function windowCall(call: WindowCall, window: WindowExpression, project: Projection): WindowColumn {
  const { op } = functionRegistry.window(call.fn)!;
  switch (op) {
    case "rowNumber":
      return rowNumbers;
    case "rank":
      return ranks;
    case "denseRank":
      return denseRanks;
    case "percentRank":
      return percentRanks;
    case "cumeDist":
      return cumulativeDistribution;
    case "ntile": {
      const parts = call.args[0] === undefined ? 1 : constantOf(call.args[0]);
      return (rows) => tiles(rows, parts);
    }
    case "lag":
    case "lead": {
      const [value, offset, otherwise] = call.args;
      const distance = offset === undefined ? 1 : constantOf(offset);
      const hasOther = otherwise !== undefined && !(otherwise.kind === "Literal" && otherwise.value === null);
      const columns = columnsOf(hasOther ? [value!, otherwise] : [value!], project);
      return (rows) => {
        const [column, other] = columns(rows.batch);
        return offsetValues(rows, column!, op === "lag" ? -distance : distance, other, call.ignoreNulls);
      };
    }
    case "nthValue": {
      const columns = columnsOf([call.args[0]!], project);
      const place = constantOf(call.args[1]!) - 1;
      const frames = framesOf(window, project);
      return (rows) => frameValues(frames(rows), columns(rows.batch)[0]!, place, undefined, call.ignoreNulls);
    }
    default:
      return unreachable(op);
  }
}

function constantOf(expr: Expr): number {
  assertInvariant(
    expr.kind === "Literal" && expr.value !== null,
    "an argument of a window function that is not constant",
  );
  return Number(expr.value);
}
