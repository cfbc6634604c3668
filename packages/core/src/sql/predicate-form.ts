/** What may follow a value as a predicate: `IS …`, `[NOT] IN`, `BETWEEN`, `LIKE`, `ILIKE` and `RLIKE`. */
import { MillraceError } from "../errors/index.ts";
import type { Expr, Literal } from "../expressions/expression.ts";
import { booleanType, stringType } from "../types/data-type.ts";
import type { ExpressionParser } from "./expression-parser.ts";
import { stringValue } from "./string-literal.ts";
import { token } from "./token.ts";

/** The predicate that begins here over a value; the value itself when none does. */
export function predicateForm(parser: ExpressionParser, value: Expr, start: number): Expr {
  const kind = parser.peek();
  if (kind === token.is) return isPredicate(parser, value, start);
  const negated = kind === token.not;
  const operator = negated ? parser.peek(1) : kind;
  if (operator < token.in || operator > token.between) return value;
  if (negated) parser.advance();
  parser.advance();
  const result = predicateAfter(parser, operator, value, negated, start);
  return negated ? parser.call("not", [result], start) : result;
}

function predicateAfter(
  parser: ExpressionParser,
  operator: number,
  value: Expr,
  negated: boolean,
  start: number,
): Expr {
  switch (operator) {
    case token.between: {
      const low = parser.value();
      parser.expect(token.and, "AND");
      const high = parser.value();
      return parser.call(
        "and",
        [parser.call(">=", [value, low], start), parser.call("<=", [value, high], start)],
        start,
      );
    }
    case token.in: {
      parser.expect(token.leftParenthesis, "(");
      parser.refuseSubquery();
      if (parser.accept(token.rightParenthesis)) {
        const sql = { text: parser.text, start, stop: parser.stop() };
        throw new MillraceError("INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", {}, { context: { sql } });
      }
      const list = [value, parser.expression()];
      while (parser.accept(token.comma)) list.push(parser.expression());
      parser.expect(token.rightParenthesis, ")");
      return parser.call("in", list, start);
    }
    case token.rlike:
      return parser.call("rlike", [value, parser.value()], start);
    default:
      return likePredicate(parser, operator === token.like ? "like" : "ilike", value, negated, start);
  }
}

function likePredicate(parser: ExpressionParser, name: string, value: Expr, negated: boolean, start: number): Expr {
  const all = parser.isWordAt("ALL");
  if ((all || parser.isWordAt("ANY") || parser.isWordAt("SOME")) && parser.peek(1) === token.leftParenthesis) {
    parser.advance();
    parser.advance();
    const patterns = [parser.expression()];
    while (parser.accept(token.comma)) patterns.push(parser.expression());
    parser.expect(token.rightParenthesis, ")");
    const tests = patterns.map((pattern) => parser.call(name, [value, pattern], start));
    // NOT LIKE ANY asks for one that does not match: NOT (all match).
    return parser.balanced(all === negated ? "or" : "and", tests, 0, tests.length - 1, start);
  }
  const pattern = parser.value();
  if (parser.peek() !== token.escape || parser.peek(1) !== token.string)
    return parser.call(name, [value, pattern], start);
  parser.advance();
  const at = parser.start();
  const escape = stringValue(parser.peekText());
  parser.advance();
  if (escape.length !== 1) {
    throw new MillraceError("INVALID_ESC", { invalidEscape: `'${escape}'` }, { context: parser.contextFrom(at) });
  }
  return parser.call(name, [value, pattern, { kind: "Literal", value: escape, type: stringType }], start);
}

function isPredicate(parser: ExpressionParser, value: Expr, start: number): Expr {
  parser.advance();
  const negated = parser.accept(token.not);
  const kind = parser.peek();
  if (kind === token.null || parser.isWordAt("UNKNOWN")) {
    parser.advance();
    return parser.call(negated ? "isnotnull" : "isnull", [value], start);
  }
  if (kind === token.true || kind === token.false) {
    parser.advance();
    const equal = parser.call("<=>", [value, booleanLiteral(kind === token.true)], start);
    return negated ? parser.call("not", [equal], start) : equal;
  }
  if (kind !== token.distinct) throw parser.unexpected();
  parser.advance();
  parser.expect(token.from, "FROM");
  const equal = parser.call("<=>", [value, parser.value()], start);
  return negated ? equal : parser.call("not", [equal], start);
}

function booleanLiteral(value: boolean): Literal {
  return { kind: "Literal", value, type: booleanType };
}
