/** What stands behind OVER: `(PARTITION BY … ORDER BY … frame)`. */
import { MillraceError } from "../errors/index.ts";
import type { Expr, SortOrder, UnresolvedFunction } from "../expressions/expression.ts";
import { someExpression } from "../expressions/traverse.ts";
import {
  currentRow,
  type FrameBound,
  unboundedFollowing,
  unboundedPreceding,
  type WindowExpression,
  type WindowFrame,
} from "../expressions/window-expression.ts";
import type { ExpressionParser } from "./expression-parser.ts";
import { isWord } from "./lexer.ts";
import { token } from "./token.ts";

/** Whether OVER starts a window here; else it is a name, such as an alias. */
export function startsWindow(parser: ExpressionParser): boolean {
  return parser.isWordAt("OVER") && (parser.peek(1) === token.leftParenthesis || isWord(parser.peek(1)));
}

/**
 * The window behind a call, from OVER on.
 * @throws MillraceError MISSING_WINDOW_SPECIFICATION for a name instead of a window: names are given by the WINDOW clause of a query
 */
export function windowForm(parser: ExpressionParser, fn: UnresolvedFunction, start: number): WindowExpression {
  parser.advance();
  const bare = isWord(parser.peek());
  if (bare || (isWord(parser.peek(1)) && parser.peek(2) === token.rightParenthesis)) {
    const windowName = parser.peekText(bare ? 0 : 1);
    throw new MillraceError("MISSING_WINDOW_SPECIFICATION", { windowName }, { context: parser.contextFrom(start) });
  }
  parser.expect(token.leftParenthesis, "(");
  const clustered = parser.isWordAt("CLUSTER");
  const partitionBy = clauseOf(parser, ["CLUSTER", "PARTITION", "DISTRIBUTE"], () => parser.expression());
  const orderBy = clustered ? [] : clauseOf(parser, ["ORDER", "SORT"], () => parser.sortItem() as SortOrder);
  const frame = frameOf(parser);
  parser.expect(token.rightParenthesis, ")");
  const origin = { sql: { text: parser.text, start, stop: parser.stop() } };
  return { kind: "WindowExpression", fn, partitionBy, orderBy, ...(frame === undefined ? {} : { frame }), origin };
}

/** `WORD BY item, …`; no items when none of the words is there. */
function clauseOf<T>(parser: ExpressionParser, words: readonly string[], item: () => T): T[] {
  if (!words.some((word) => parser.acceptWord(word))) return [];
  parser.expectWord("BY");
  const items = [item()];
  while (parser.accept(token.comma)) items.push(item());
  return items;
}

const units = { ROWS: "rows", RANGE: "range", GROUPS: "groups" } as const;

function frameOf(parser: ExpressionParser): WindowFrame | undefined {
  for (const [word, unit] of Object.entries(units)) {
    if (!parser.acceptWord(word)) continue;
    if (!parser.accept(token.between)) return { unit, lower: boundOf(parser), upper: currentRow };
    const lower = boundOf(parser);
    parser.expect(token.and, "AND");
    return { unit, lower, upper: boundOf(parser) };
  }
  return undefined;
}

function boundOf(parser: ExpressionParser): FrameBound {
  if (parser.isWordAt("UNBOUNDED") && (parser.isWordAt("PRECEDING", 1) || parser.isWordAt("FOLLOWING", 1))) {
    parser.advance();
    return precedes(parser) ? unboundedPreceding : unboundedFollowing;
  }
  if (parser.isWordAt("CURRENT") && parser.isWordAt("ROW", 1)) {
    parser.advance();
    parser.advance();
    return currentRow;
  }
  const start = parser.start();
  const value = parser.value();
  const preceding = precedes(parser);
  if (someExpression(value, isColumn)) {
    throw new MillraceError(
      "INVALID_SQL_SYNTAX.INVALID_WINDOW_FRAME_BOUND",
      {},
      { context: parser.contextFrom(start) },
    );
  }
  return { kind: "offset", preceding, value };
}

function isColumn(expr: Expr): boolean {
  return expr.kind === "UnresolvedAttribute" || expr.kind === "UnresolvedStar";
}

function precedes(parser: ExpressionParser): boolean {
  if (parser.acceptWord("PRECEDING")) return true;
  parser.expectWord("FOLLOWING");
  return false;
}
