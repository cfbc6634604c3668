/** `variant:a.b[0]['c']`: the path behind a colon, as the text that `variant_get` takes. */
import { isWord } from "./lexer.ts";
import { stringValue } from "./string-literal.ts";
import type { TokenCursor } from "./token-cursor.ts";
import { token } from "./token.ts";

/** Reads the path that starts at the colon. */
export function variantPath(parser: TokenCursor): string {
  parser.advance();
  let path = `$${parser.peek() === token.leftBracket ? subscript(parser) : field(parser.name())}`;
  for (;;) {
    if (parser.peek() === token.leftBracket) path += subscript(parser);
    else if (parser.peek() === token.dot && isWord(parser.peek(1))) {
      parser.advance();
      path += field(parser.name());
    } else return path;
  }
}

function field(name: string): string {
  return name.includes("'") ? `["${name}"]` : `['${name}']`;
}

function subscript(parser: TokenCursor): string {
  parser.advance();
  const kind = parser.peek();
  if (kind !== token.integer && kind !== token.string) throw parser.unexpected();
  const text = parser.peekText();
  parser.advance();
  parser.expect(token.rightBracket, "]");
  return kind === token.integer ? `[${text}]` : field(stringValue(text));
}
