/** Calls whose arguments are separated by words: CAST, EXTRACT, SUBSTRING, TRIM, POSITION, OVERLAY, TIMESTAMPADD and -DIFF. */
import type { Expr } from "../expressions/expression.ts";
import { intType, stringType } from "../types/data-type.ts";
import type { ExpressionParser } from "./expression-parser.ts";
import { isWord } from "./lexer.ts";
import { token } from "./token.ts";

/**
 * Reads the form from its name on. Gives undefined, with nothing consumed, for an ordinary call of that name.
 */
export type SpecialForm = (parser: ExpressionParser, start: number) => Expr | undefined;

const string = (value: string): Expr => ({ kind: "Literal", value, type: stringType });

function cast(mode: "try" | undefined): SpecialForm {
  return (parser) => {
    open(parser);
    const child = parser.expression();
    parser.expect(token.as, "AS");
    const type = parser.dataType();
    parser.expect(token.rightParenthesis, ")");
    return mode === undefined ? { kind: "Cast", child, type } : { kind: "Cast", child, type, mode };
  };
}

function open(parser: ExpressionParser): void {
  parser.advance();
  parser.advance();
}

/** `EXTRACT(field FROM source)` */
const extract: SpecialForm = (parser, start) => {
  if (!isWord(parser.peek(2)) || parser.peek(3) !== token.from) return undefined;
  open(parser);
  const field = parser.name();
  parser.advance();
  const source = parser.value();
  parser.expect(token.rightParenthesis, ")");
  return parser.call("extract", [string(field), source], start);
};

/** `SUBSTRING(text FROM position [FOR length])`, and with commas as any call. */
const substring: SpecialForm = (parser, start) => {
  const name = parser.peekText().toLowerCase();
  open(parser);
  const args = [parser.value()];
  const words = parser.accept(token.from);
  if (!words) parser.expect(token.comma, ",");
  args.push(parser.value());
  if (words ? parser.acceptWord("FOR") : parser.accept(token.comma)) args.push(parser.value());
  parser.expect(token.rightParenthesis, ")");
  return parser.call(name, args, start);
};

const trimFunctions = { BOTH: "trim", LEADING: "ltrim", TRAILING: "rtrim" } as const;

/** `TRIM([BOTH|LEADING|TRAILING] [characters] FROM text)`; the arguments of the function are `(characters, text)`. */
const trim: SpecialForm = (parser, start) => {
  open(parser);
  let name: string = "trim";
  let written = false;
  for (const [word, fn] of Object.entries(trimFunctions)) {
    const kind = parser.peek(1);
    if (!parser.isWordAt(word) || kind === token.rightParenthesis || kind === token.comma || kind === token.dot)
      continue;
    parser.advance();
    name = fn;
    written = true;
    break;
  }
  const args: Expr[] = [];
  if (!parser.accept(token.from)) {
    args.push(parser.value());
    if (!parser.accept(token.from)) {
      if (written) throw parser.unexpected(parser.peek() === token.end ? ": missing 'FROM'" : "");
      if (parser.accept(token.comma)) args.push(parser.expression());
      parser.expect(token.rightParenthesis, ")");
      return parser.call(name, args, start);
    }
  }
  args.push(parser.value());
  parser.expect(token.rightParenthesis, ")");
  return parser.call(name, args, start);
};

/** `POSITION(part IN text)`: Spark's `locate(part, text, 1)`. */
const position: SpecialForm = (parser, start) => {
  open(parser);
  const args = [parser.value()];
  if (parser.accept(token.in)) {
    args.push(parser.value(), { kind: "Literal", value: 1, type: intType });
    parser.expect(token.rightParenthesis, ")");
    return parser.call("locate", args, start);
  }
  while (parser.accept(token.comma)) args.push(parser.expression());
  parser.expect(token.rightParenthesis, ")");
  return parser.call("position", args, start);
};

/** `OVERLAY(text PLACING replacement FROM position [FOR length])` */
const overlay: SpecialForm = (parser, start) => {
  open(parser);
  const args = [parser.value()];
  const words = parser.acceptWord("PLACING");
  if (!words) parser.expect(token.comma, ",");
  args.push(parser.value());
  if (words) parser.expect(token.from, "FROM");
  else parser.expect(token.comma, ",");
  args.push(parser.value());
  if (words ? parser.acceptWord("FOR") : parser.accept(token.comma)) args.push(parser.value());
  parser.expect(token.rightParenthesis, ")");
  return parser.call("overlay", args, start);
};

const datetimeUnits: ReadonlySet<string> = new Set(
  "YEAR QUARTER MONTH WEEK DAY DAYOFYEAR HOUR MINUTE SECOND MILLISECOND MICROSECOND".split(" "),
);

/** `TIMESTAMPADD(unit, amount, timestamp)`, `TIMESTAMPDIFF(unit, start, end)`: the unit becomes a string argument. */
function withUnit(name: string): SpecialForm {
  return (parser, start) => {
    if (parser.peek(2) !== token.word || parser.peek(3) !== token.comma) return undefined;
    const unit = parser.peekText(2).toUpperCase();
    if (!datetimeUnits.has(unit)) return undefined;
    const [word, column] = [parser.peekText(), parser.peekText(2)];
    open(parser);
    parser.advance();
    parser.advance();
    const args = [string(unit), parser.value()];
    // With two arguments, the word is a column that happens to be named like a unit.
    if (parser.accept(token.rightParenthesis)) {
      return parser.call(word.toLowerCase(), [{ kind: "UnresolvedAttribute", parts: [column] }, args[1]!], start);
    }
    parser.expect(token.comma, ",");
    args.push(parser.value());
    parser.expect(token.rightParenthesis, ")");
    return parser.call(name, args, start);
  };
}

/** By the word before the parenthesis, in upper case. */
export const specialForms: ReadonlyMap<string, SpecialForm> = new Map<string, SpecialForm>([
  ["CAST", cast(undefined)],
  ["TRY_CAST", cast("try")],
  ["EXTRACT", extract],
  ["SUBSTRING", substring],
  ["SUBSTR", substring],
  ["TRIM", trim],
  ["POSITION", position],
  ["OVERLAY", overlay],
  ["TIMESTAMPADD", withUnit("timestampadd")],
  ["DATEADD", withUnit("timestampadd")],
  ["DATE_ADD", withUnit("timestampadd")],
  ["TIMESTAMPDIFF", withUnit("timestampdiff")],
  ["DATEDIFF", withUnit("timestampdiff")],
  ["DATE_DIFF", withUnit("timestampdiff")],
]);
