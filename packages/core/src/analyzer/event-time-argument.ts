/** The first argument of `window` and `session_window`: the time that decides in which window a row is. */
import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr, UnresolvedFunction } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { literal, nullableOf, typeOf } from "../expressions/typing.ts";
import { argumentInfo } from "../functions/fold.ts";
import { functionRegistry } from "../functions/registry.ts";
import { typeText } from "../functions/type-text.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType, booleanType, type DataType, type StructType, timestampType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { castTo } from "./resolve-attribute.ts";
import { resolveExpression } from "./resolve-expression.ts";
import { callOf } from "./window-struct.ts";
import { sessionWindowKey } from "./watermark-columns.ts";

export interface EventTimeArgument {
  /** A timestamp, with or without time zone; of a window its last microsecond. */
  readonly time: Expr;
  /** What the windows made of it inherit: the watermark. */
  readonly metadata: Attribute["metadata"];
}

/** @throws MillraceError DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE */
export function eventTimeArgument(
  call: UnresolvedFunction,
  input: LogicalPlan,
  context: AnalysisContext,
): EventTimeArgument {
  const resolved = resolveExpression(call.args[0]!, { attributes: outputOf(input) }, context);
  const type = typeOf(resolved);
  const time =
    type.kind === "struct" && type.fields.length === 2
      ? windowTime(resolved)
      : type.kind === "timestamp_ntz"
        ? resolved
        : castTo(requireTime(resolved, call), timestampType);
  return { time, metadata: resolved.kind === "Attribute" ? timeMetadata(resolved) : undefined };
}

/** The metadata of a time or window for what is made of it, which is no session by that. */
export function timeMetadata({ metadata }: Attribute): Attribute["metadata"] {
  if (metadata?.[sessionWindowKey] === undefined) return metadata;
  const { [sessionWindowKey]: _, ...rest } = metadata;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/**
 * That an expression is not NULL, asked of what it is computed from where that tells: the window computes it anyway, and
 * a source need not.
 */
export function isPresent(expr: Expr, context: AnalysisContext): Expr {
  if (expr.kind === "Call" && expr.args.length === 1) {
    const [arg] = expr.args;
    const fn = functionRegistry.scalar(expr.fn);
    const addsNull =
      typeof fn?.canReturnNull === "function"
        ? fn.canReturnNull([argumentInfo(arg!, context.evaluation)], expr.ansi)
        : fn?.canReturnNull;
    if (fn?.nulls === "propagate" && addsNull !== true) return isPresent(arg!, context);
  }
  return callOf("isnotnull", [expr], booleanType, false);
}

/** What counts as a time: a timestamp, a date, or text that is cast to one. */
function requireTime(time: Expr, call: UnresolvedFunction): Expr {
  const type = typeOf(time);
  if (type.kind === "timestamp" || type.kind === "date" || type.kind === "string" || type.kind === "null") return time;
  throw unexpectedArgument(call, 0, '("TIMESTAMP" or "TIMESTAMP WITHOUT TIME ZONE")', type);
}

export function unexpectedArgument(
  call: UnresolvedFunction,
  index: 0 | 1,
  requiredType: string,
  type: DataType,
): MillraceError {
  return new MillraceError(
    "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
    {
      sqlExpr: printExpression(call),
      paramIndex: index === 0 ? "first" : "second",
      requiredType,
      inputSql: printExpression(call.args[index]!),
      inputType: `"${typeText(type)}"`,
    },
    { context: call.origin ?? {} },
  );
}

/** The event time of a window: one microsecond before its end. */
export function windowTime(window: Expr): Expr {
  const type = (typeOf(window) as StructType).fields[1]!.type;
  const end: Expr = {
    kind: "GetStructField",
    child: window,
    ordinal: 1,
    name: "end",
    type,
    nullable: nullableOf(window),
  };
  return callOf("shift_time", [end, literal(-1n, bigintType)], type, nullableOf(end));
}

export function invalidWindow(call: UnresolvedFunction, reason: string): MillraceError {
  return new MillraceError(
    "INVALID_TIME_WINDOW",
    { sqlExpr: printExpression(call), reason },
    { context: call.origin ?? {} },
  );
}
