import type { Expr } from "../expressions/expression.ts";
import {
  isIntervalUnit,
  multiUnitInterval,
  textInterval,
  unitToUnitInterval,
  type IntervalPart,
} from "./interval-literal.ts";
import { stringValue } from "./string-literal.ts";
import type { TokenCursor } from "./token-cursor.ts";
import { token } from "./token.ts";

/**
 * The interval literal that starts at INTERVAL, or undefined, with nothing consumed, when INTERVAL is just a name there.
 */
export function intervalForm(parser: TokenCursor, start: number): Expr | undefined {
  const first = intervalValue(parser, 1);
  if (first === undefined) return undefined;
  if (!isUnit(parser, 1 + first.length)) {
    if (first.length !== 1 || !first.quoted) return undefined;
    parser.advance();
    parser.advance();
    return textInterval(first.value, parser.contextFrom(start));
  }
  parser.advance();
  const parts: IntervalPart[] = [];
  for (
    let part: typeof first | undefined = first;
    part !== undefined && isUnit(parser, part.length);
    part = intervalValue(parser, 0)
  ) {
    for (let i = 0; i < part.length; i++) parser.advance();
    const unit = parser.name();
    if (parts.length === 0 && parser.isWordAt("TO") && isUnit(parser, 1)) {
      parser.advance();
      const to = parser.name();
      return unitToUnitInterval(part.value, part.negative, unit, to, parser.contextFrom(start));
    }
    parts.push({ value: part.negative ? negated(part.value) : part.value, unit });
  }
  return multiUnitInterval(parts, parser.contextFrom(start));
}

function isUnit(parser: TokenCursor, ahead: number): boolean {
  const kind = parser.peek(ahead);
  return kind === token.word && isIntervalUnit(parser.peekText(ahead));
}

/** `[+|-] number|string` at a token, without consuming it. */
function intervalValue(
  parser: TokenCursor,
  ahead: number,
):
  | { readonly value: string; readonly negative: boolean; readonly quoted: boolean; readonly length: number }
  | undefined {
  const sign = parser.peek(ahead);
  const signed = sign === token.minus || sign === token.plus;
  const at = signed ? ahead + 1 : ahead;
  const kind = parser.peek(at);
  if (kind !== token.integer && kind !== token.decimal && kind !== token.string) return undefined;
  const quoted = kind === token.string;
  const value = quoted ? stringValue(parser.peekText(at)) : parser.peekText(at);
  return { value, negative: sign === token.minus, quoted, length: signed ? 2 : 1 };
}

function negated(value: string): string {
  const trimmed = value.trim();
  return trimmed.startsWith("-") ? trimmed.slice(1) : `-${trimmed}`;
}
