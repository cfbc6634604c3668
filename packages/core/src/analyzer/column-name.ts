import type { Expr } from "../expressions/expression.ts";
import { printExpression, type PrintOptions } from "../expressions/print.ts";
import { typeOf } from "../expressions/typing.ts";
import { timeZoneOf, toLocal } from "../functions/time-zone.ts";
import type { AnalysisContext } from "./context.ts";

/** The name of a column that was not given one: Spark's text of its expression, as far as that depends on its types. */
export function columnName(written: Expr, resolved: Expr, context: AnalysisContext): string {
  if (written.kind === "UnresolvedAttribute") return written.parts.at(-1)!;
  const zone = timeZoneOf(context.evaluation.timeZone);
  const options: PrintOptions = { toLocalMicros: (micros) => toLocal(zone, micros) };
  // A column that is only cast keeps its name.
  if (resolved.kind === "Cast" && resolved.child.kind === "Attribute" && written.kind === "Cast") {
    return resolved.child.name;
  }
  if (written.kind === "UnresolvedExtractValue" && resolved.kind === "GetStructField") {
    return `${printExpression(written.child, options)}.${resolved.name}`;
  }
  return dateArithmetic(written, resolved, options) ?? printExpression(written, options);
}

/** `day + 1` is shown as the function that it is, and a sum with an interval without parentheses. */
function dateArithmetic(written: Expr, resolved: Expr, options: PrintOptions): string | undefined {
  if (written.kind !== "UnresolvedFunction" || resolved.kind !== "Call" || written.args.length !== 2) return undefined;
  const symbol = resolved.fn;
  if (symbol !== "+" && symbol !== "-") return undefined;
  const [left, right] = written.args.map((arg) => printExpression(arg, options)) as [string, string];
  const [leftType, rightType] = resolved.args.map((arg) => typeOf(arg).kind);
  const isPoint = (kind: string | undefined): boolean => kind === "date" || kind?.startsWith("timestamp") === true;
  if (leftType === "date" && rightType === "int")
    return `${symbol === "+" ? "date_add" : "date_sub"}(${left}, ${right})`;
  if (leftType === "int" && rightType === "date") return `date_add(${right}, ${left})`;
  if (isPoint(leftType) && rightType?.startsWith("interval") === true) return `${left} ${symbol} ${right}`;
  if (isPoint(rightType) && leftType?.startsWith("interval") === true) return `${right} ${symbol} ${left}`;
  return undefined;
}
