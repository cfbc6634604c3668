/** SQL text to the nodes of `expressions/`. */
import type { Expr } from "../expressions/expression.ts";
import { withNestingGuard } from "./nesting-guard.ts";
import { ExpressionParser, type ParserOptions } from "./expression-parser.ts";

export { maximumNesting, type ParserOptions } from "./expression-parser.ts";

/**
 * One SQL expression, with an alias if it has one: `amount * 2`, `count(*) AS n`.
 * @throws MillraceError PARSE_SYNTAX_ERROR, PARSE_EMPTY_STATEMENT, EXPRESSION_NESTED_TOO_DEEP and those of literals and types, each
 * with the position in the text
 */
export function parseExpression(text: string, options?: ParserOptions): Expr {
  return parse(text, options, (parser) => parser.namedExpression());
}

/** A select list: `user, count(*) AS n`. Errors as {@link parseExpression}. */
export function parseNamedExpressions(text: string, options?: ParserOptions): Expr[] {
  return parse(text, options, (parser) => parser.namedExpressions());
}

/** `expression [ASC|DESC] [NULLS FIRST|LAST]`; NULLs come first when ascending and last when descending. */
export function parseSortItem(text: string, options?: ParserOptions): Expr {
  return parse(text, options, (parser) => parser.sortItem());
}

function parse<T>(text: string, options: ParserOptions | undefined, read: (parser: ExpressionParser) => T): T {
  return withNestingGuard(text, () => {
    const parser = new ExpressionParser(text, options);
    const result = read(parser);
    parser.expectEnd();
    return result;
  });
}
