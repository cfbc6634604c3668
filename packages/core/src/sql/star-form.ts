/** `*`, `.*` behind a name, `* EXCEPT (a, t.b)`. */
import type { UnresolvedStar } from "../expressions/expression.ts";
import type { ExpressionParser } from "./expression-parser.ts";
import { isWord } from "./lexer.ts";
import { token } from "./token.ts";

export function starForm(parser: ExpressionParser, target: readonly string[]): UnresolvedStar {
  parser.accept(token.dot);
  parser.expect(token.asterisk, "*");
  const star = { kind: "UnresolvedStar", target } as const;
  if (!parser.isWordAt("EXCEPT") || parser.peek(1) !== token.leftParenthesis) return star;
  parser.advance();
  parser.advance();
  const except: string[][] = [];
  do {
    const path = [parser.name()];
    while (parser.peek() === token.dot && isWord(parser.peek(1))) {
      parser.advance();
      path.push(parser.name());
    }
    except.push(path);
  } while (parser.accept(token.comma));
  parser.expect(token.rightParenthesis, ")");
  return { ...star, except };
}
