/**
 * `session_window(time, gap)`: each row alone is the session `[time, time + gap)`, a column that a projection below computes.
 * A grouping by that column merges the sessions of equal other keys that overlap or touch; its metadata says so, also to
 * a grouping above a select (Spark's `SessionWindowing` rule). Rows without a time, and rows whose gap is NULL, no
 * interval, zero or negative, are in no session and are left out.
 */
import type { Alias, Attribute, Expr, UnresolvedFunction } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { attributeOf, literal, nullableOf, typeOf } from "../expressions/typing.ts";
import { MillraceError } from "../errors/index.ts";
import { constantValue } from "../functions/fold.ts";
import { fixedGap, gapOf } from "../functions/session-gap.ts";
import { typeText } from "../functions/type-text.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType, booleanType, type DataType, type StructType, structType } from "../types/data-type.ts";
import { type AnalysisContext } from "./context.ts";
import { eventTimeArgument, invalidWindow, isPresent } from "./event-time-argument.ts";
import { resolveExpression } from "./resolve-expression.ts";
import { sessionWindowKey } from "./watermark-columns.ts";

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
  const type = structType([
    { name: "start", type: boundType, nullable: true },
    { name: "end", type: boundType, nullable: true },
  ]);
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
      : structOf(time, callOf("shift_time", [time, literal(micros, bigintType)], boundType, nullableOf(time)), type);
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
  throw new MillraceError(
    "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
    {
      sqlExpr: printExpression(call),
      paramIndex: "second",
      requiredType: '("INTERVAL" or "STRING")',
      inputSql: printExpression(call.args[1]!),
      inputType: `"${typeText(type)}"`,
    },
    { context: call.origin ?? {} },
  );
}

function callOf(fn: string, args: readonly Expr[], type: DataType, nullable: boolean): Expr {
  return { kind: "Call", fn, args, type, nullable, ansi: true };
}

function structOf(start: Expr, end: Expr, type: StructType): Expr {
  const names = ["start", "end"].map((name) => literal(name, { kind: "string" }));
  return callOf("named_struct", [names[0]!, start, names[1]!, end], type, false);
}
