/** What may follow the arguments of a call: WITHIN GROUP, FILTER, IGNORE NULLS, OVER. */
import type { Expr, UnresolvedFunction } from "../expressions/expression.ts";
import { booleanType, intType } from "../types/data-type.ts";
import type { ExpressionParser } from "./expression-parser.ts";
import { token } from "./token.ts";
import { startsWindow, windowForm } from "./window-form.ts";

/** Functions that take IGNORE NULLS among their arguments, and as a last argument TRUE. */
const nullsFunctions: ReadonlySet<string> = new Set(["first", "first_value", "last", "last_value", "any_value"]);

/** `(x IGNORE NULLS)`: before the parenthesis is closed. */
export function innerNullsOption(parser: ExpressionParser, name: string, args: Expr[]): void {
  if (nullsFunctions.has(name)) nullsOption(parser, name, args);
}

/** True when IGNORE NULLS is an option of the call instead of an argument. `RESPECT NULLS` says what holds anyway. */
function nullsOption(parser: ExpressionParser, name: string, args: Expr[]): boolean {
  const ignore = parser.isWordAt("IGNORE");
  if ((!ignore && !parser.isWordAt("RESPECT")) || !parser.isWordAt("NULLS", 1)) return false;
  parser.advance();
  parser.advance();
  if (!ignore || !nullsFunctions.has(name)) return ignore;
  args.push({ kind: "Literal", value: true, type: booleanType });
  return false;
}

/** `WITHIN GROUP (ORDER BY …)`: the order stands behind the arguments of the call. */
function withinGroup(parser: ExpressionParser): Expr[] {
  parser.advance();
  parser.advance();
  parser.expect(token.leftParenthesis, "(");
  parser.expectWord("ORDER");
  parser.expectWord("BY");
  const order = [parser.sortItem()];
  while (parser.accept(token.comma)) order.push(parser.sortItem());
  parser.expect(token.rightParenthesis, ")");
  return order;
}

/** The call, with the parser behind its closing parenthesis. */
export function finishedCall(
  parser: ExpressionParser,
  name: string,
  written: Expr[],
  distinct: boolean,
  start: number,
): Expr {
  const [only] = written;
  const countsRows =
    name === "count" &&
    !distinct &&
    written.length === 1 &&
    only!.kind === "UnresolvedStar" &&
    only.target.length === 0;
  const args: Expr[] = countsRows ? [{ kind: "Literal", value: 1, type: intType }] : written;
  if (parser.isWordAt("WITHIN") && parser.isWordAt("GROUP", 1)) args.push(...withinGroup(parser));
  let filter: Expr | undefined;
  if (parser.isWordAt("FILTER") && parser.peek(1) === token.leftParenthesis) {
    parser.advance();
    parser.advance();
    parser.expectWord("WHERE");
    filter = parser.expression();
    parser.expect(token.rightParenthesis, ")");
  }
  const ignoreNulls = nullsOption(parser, name, args) ? { ignoreNulls: true as const } : {};
  const call = { ...parser.call(name, args, start), distinct };
  const fn: UnresolvedFunction = { ...call, ...(filter === undefined ? {} : { filter }), ...ignoreNulls };
  return startsWindow(parser) ? windowForm(parser, fn, start) : fn;
}
