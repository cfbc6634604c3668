/**
 * `window(time, duration[, slide[, start]])`: event-time windows.
 *
 * A tumbling window of a row is [t − floorMod(t − start, slide), + duration): one value, computed in a projection below.
 * A sliding window gives ceil(duration / slide) candidate rows, of which those that contain the row's time are kept: an
 * Expand and a Filter. Rows without a time are in no window. The window column carries the metadata of the time column,
 * so that a watermark on the time also bounds the window (Spark's `TimeWindowing` rule).
 */
import { MillraceError } from "../errors/index.ts";
import type { Alias, Attribute, Expr, UnresolvedFunction } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { childrenOf, transformDown } from "../expressions/traverse.ts";
import { attributeOf, literal, nullableOf, typeOf } from "../expressions/typing.ts";
import { constantValue } from "../functions/fold.ts";
import { parseInterval } from "../functions/interval.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { bigintType, booleanType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import {
  eventTimeArgument,
  invalidWindow,
  isPresent,
  timeMetadata,
  unexpectedArgument,
  windowTime,
} from "./event-time-argument.ts";
import { resolveExpression } from "./resolve-expression.ts";
import { isSessionCall, sessionInput } from "./session-window.ts";
import { callOf, windowStruct, windowType } from "./window-struct.ts";

function isWindowCall(expr: Expr): expr is UnresolvedFunction {
  if (expr.kind !== "UnresolvedFunction") return false;
  return isSessionCall(expr) || (expr.name.toLowerCase() === "window" && expr.args.length >= 2);
}

/**
 * Replaces `window(…)` and `session_window(…)` in the expressions by a column that a new input computes. All calls in one list must be equal.
 */
export function resolveTimeWindows(
  expressions: readonly Expr[],
  input: LogicalPlan,
  context: AnalysisContext,
): { readonly expressions: readonly Expr[]; readonly input: LogicalPlan } {
  const times = resolveWindowTimes(expressions, input, context);
  return resolveWindowCalls(times.expressions, times.input, context);
}

function isWindowTimeCall(expr: Expr): expr is UnresolvedFunction {
  return expr.kind === "UnresolvedFunction" && expr.name.toLowerCase() === "window_time" && expr.args.length === 1;
}

/** Replaces `window_time(w)` by columns that a new input computes; they carry the metadata of the window, its watermark. */
function resolveWindowTimes(
  expressions: readonly Expr[],
  input: LogicalPlan,
  context: AnalysisContext,
): { readonly expressions: readonly Expr[]; readonly input: LogicalPlan } {
  const made = new Map<string, Alias & { readonly id: Attribute["id"] }>();
  const columnOf = (call: UnresolvedFunction): Expr => {
    const name = printExpression(call);
    let alias = made.get(name);
    if (alias === undefined) {
      const window = resolveExpression(call.args[0]!, { attributes: outputOf(input) }, context);
      const type = typeOf(window);
      if (type.kind !== "struct" || type.fields.length !== 2) {
        throw unexpectedArgument(call, 0, '"STRUCT"', type);
      }
      const metadata = window.kind === "Attribute" ? timeMetadata(window) : undefined;
      alias = {
        kind: "Alias",
        child: windowTime(window),
        name,
        id: context.ids.next(),
        ...(metadata === undefined ? {} : { metadata }),
      };
      made.set(name, alias);
    }
    return attributeOf(alias);
  };
  const replaced = expressions.map((expr) =>
    isWindowTimeCall(expr)
      ? columnOf(expr)
      : transformDown(expr, (node) => (isWindowTimeCall(node) ? columnOf(node) : node)),
  );
  if (made.size === 0) return { expressions, input };
  return {
    expressions: replaced,
    input: { kind: "Project", input, expressions: [...outputOf(input), ...made.values()] },
  };
}

function resolveWindowCalls(
  expressions: readonly Expr[],
  input: LogicalPlan,
  context: AnalysisContext,
): { readonly expressions: readonly Expr[]; readonly input: LogicalPlan } {
  const calls: UnresolvedFunction[] = [];
  const pending = [...expressions];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (isWindowCall(next)) calls.push(next);
    else pending.push(...childrenOf(next));
  }
  const first = calls[0];
  if (first === undefined) return { expressions, input };
  if (new Set(calls.map((call) => printExpression(call))).size > 1) {
    throw new MillraceError("MULTI_TIME_WINDOW_EXPRESSIONS", {});
  }
  const { plan, window } = isSessionCall(first)
    ? sessionInput(first, input, context)
    : windowedInput(first, input, context);
  return {
    input: plan,
    expressions: expressions.map((expr) =>
      isWindowCall(expr) ? window : transformDown(expr, (node) => (isWindowCall(node) ? window : node)),
    ),
  };
}

function windowedInput(
  call: UnresolvedFunction,
  input: LogicalPlan,
  context: AnalysisContext,
): { readonly plan: LogicalPlan; readonly window: Attribute } {
  const { time, metadata } = eventTimeArgument(call, input, context);
  const duration = durationArgument(call, 1, context);
  const slide = call.args.length > 2 ? durationArgument(call, 2, context) : duration;
  const start = call.args.length > 3 ? durationArgument(call, 3, context) : 0n;
  if (duration <= 0n) throw invalidWindow(call, "the window duration must be greater than 0");
  if (slide <= 0n) throw invalidWindow(call, "the slide duration must be greater than 0");
  if (slide > duration)
    throw invalidWindow(call, "the slide duration must be less than or equal to the window duration");
  if ((start < 0n ? -start : start) >= slide) {
    throw invalidWindow(call, "the absolute value of the start time must be less than the slide duration");
  }
  const boundType = typeOf(time);
  const structOfWindow = windowType(boundType);
  const attribute: Attribute = {
    kind: "Attribute",
    id: context.ids.next(),
    name: "window",
    type: structOfWindow,
    nullable: nullableOf(time),
    ...(metadata === undefined ? {} : { metadata }),
  };
  const windowAt = (index: number): Expr => {
    const by = [slide, start, BigInt(index) * slide].map((micros) => literal(micros, bigintType));
    const begin = callOf("window_start", [time, ...by], boundType, nullableOf(time));
    const end = callOf("shift_time", [begin, literal(duration, bigintType)], boundType, nullableOf(time));
    return windowStruct(begin, end, structOfWindow);
  };
  const withTime: LogicalPlan = nullableOf(time)
    ? {
        kind: "Filter",
        input,
        condition: isPresent(time, context),
      }
    : input;
  const output = outputOf(input);
  if (slide === duration) {
    const alias: Alias & { readonly id: Attribute["id"] } = {
      kind: "Alias",
      child: windowAt(0),
      name: "window",
      id: attribute.id,
      ...(metadata === undefined ? {} : { metadata }),
    };
    return {
      plan: { kind: "Project", input: withTime, expressions: [...output, alias] },
      window: attributeOf(alias),
    };
  }
  const overlapping = Number((duration + slide - 1n) / slide);
  const window: Attribute = { ...attribute, nullable: false };
  const expanded: LogicalPlan = {
    kind: "Expand",
    input: withTime,
    projections: Array.from({ length: overlapping }, (_, i) => [...output, windowAt(i)]),
    output: [...output, window],
  };
  const field = (ordinal: number, name: string): Expr => ({
    kind: "GetStructField",
    child: window,
    ordinal,
    name,
    type: boundType,
    nullable: false,
  });
  const compare = (fn: string, a: Expr, b: Expr): Expr => ({
    kind: "Call",
    fn,
    args: [a, b],
    type: booleanType,
    nullable: nullableOf(a) || nullableOf(b),
    ansi: true,
  });
  return {
    plan: {
      kind: "Filter",
      input: expanded,
      condition: {
        kind: "Call",
        fn: "and",
        args: [compare(">=", time, field(0, "start")), compare("<", time, field(1, "end"))],
        type: booleanType,
        nullable: nullableOf(time),
        ansi: true,
      },
    },
    window,
  };
}

/** A duration argument in microseconds: a string constant without months. */
function durationArgument(call: UnresolvedFunction, index: number, context: AnalysisContext): bigint {
  const resolved = resolveExpression(call.args[index]!, { attributes: [] }, context);
  const constant = constantValue(resolved, context.evaluation);
  if (constant !== undefined && typeof constant.value === "bigint" && typeOf(resolved).kind === "interval_day_time") {
    return constant.value;
  }
  if (constant === undefined || typeof constant.value !== "string") {
    throw invalidWindow(call, `argument ${index + 1} must be a constant duration such as '10 seconds'`);
  }
  const interval = parseInterval(constant.value);
  if (interval === undefined) throw invalidWindow(call, `'${constant.value}' is not a duration`);
  if (interval.months !== 0) {
    throw invalidWindow(
      call,
      `'${constant.value}' has months or years, whose length varies; use days or smaller units`,
    );
  }
  return interval.micros + BigInt(interval.days) * 86_400_000_000n;
}
