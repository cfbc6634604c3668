/**
 * `session_window(time, gap)`: each row alone is the session `[time, time + gap)`, a column that a projection below computes.
 * A grouping by that column merges the sessions of equal other keys that overlap or touch; its metadata says so, also to
 * a grouping above a select (Spark's `SessionWindowing` rule). Rows without a time, and rows whose gap is NULL, no
 * interval, zero or negative, are in no session and are left out.
 */
import type { Alias, Attribute, Expr, UnresolvedFunction } from "../expressions/expression.ts";
import { attributeOf, literal, nullableOf, typeOf } from "../expressions/typing.ts";
import { constantValue } from "../functions/fold.ts";
import { fixedGap, gapOf } from "../functions/session-gap.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType, booleanType } from "../types/data-type.ts";
import { type AnalysisContext } from "./context.ts";
import { eventTimeArgument, invalidWindow, isPresent, unexpectedArgument } from "./event-time-argument.ts";
import { resolveExpression } from "./resolve-expression.ts";
import { sessionWindowKey } from "./watermark-columns.ts";
import { callOf, windowStruct, windowType } from "./window-struct.ts";

export function isSessionCall(call: UnresolvedFunction): boolean {
  return call.name.toLowerCase() === "session_window" && call.args.length === 2;
}

/** The input with the session of each row, and without the rows that are in none. */
export function sessionInput(
  call: UnresolvedFunction,
  input: LogicalPlan,
  context: AnalysisContext,
): { readonly plan: LogicalPlan; readonly window: Attribute } {
  const { time, metadata } = eventTimeArgument(call, input, context);
  const gap = gapArgument(call, input, context);
  const boundType = typeOf(time);
  const type = windowType(boundType);
  const constant = constantValue(gap, context.evaluation);
  const interval = constant === undefined ? undefined : gapOf(constant.value, typeOf(gap));
  if (typeof constant?.value === "string" && interval === undefined) {
    throw invalidWindow(call, `'${constant.value}' is not a duration`);
  }
  // A gap of nothing, as NULL is one: no row is in a session.
  const micros = constant === undefined ? undefined : interval === undefined ? 0n : fixedGap(interval);
  const session =
    micros === undefined
      ? callOf("session_window", [time, gap], type, true)
      : windowStruct(
          time,
          callOf("shift_time", [time, literal(micros, bigintType)], boundType, nullableOf(time)),
          type,
        );
  const alias: Alias & { readonly id: Attribute["id"] } = {
    kind: "Alias",
    child: session,
    name: "session_window",
    id: context.ids.next(),
    metadata: { ...metadata, [sessionWindowKey]: true },
  };
  const project = (below: LogicalPlan): LogicalPlan => ({
    kind: "Project",
    input: below,
    expressions: [...outputOf(input), alias],
  });
  const window = attributeOf(alias);
  if (micros === undefined) {
    const plan: LogicalPlan = {
      kind: "Filter",
      input: project(input),
      condition: callOf("isnotnull", [window], booleanType, false),
    };
    return { plan, window };
  }
  const condition = micros <= 0n ? literal(false, booleanType) : isPresent(time, context);
  return { plan: project({ kind: "Filter", input, condition }), window };
}

/** What says how long a session lasts after its last row: text that is read as an interval, or an interval of days and seconds. */
function gapArgument(call: UnresolvedFunction, input: LogicalPlan, context: AnalysisContext): Expr {
  const gap = resolveExpression(call.args[1]!, { attributes: outputOf(input) }, context);
  const type = typeOf(gap);
  if (type.kind === "string" || type.kind === "null" || type.kind === "interval_day_time") return gap;
  throw unexpectedArgument(call, 1, '("INTERVAL" or "STRING")', type);
}
