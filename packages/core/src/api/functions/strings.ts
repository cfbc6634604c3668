import type { ArrayLiteral } from "../../types/schema-literal.ts";
import type { ArgumentType, AsNullableAs, ColumnArgument, StringType } from "../column-types.ts";
import { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Text = ColumnArgument<StringType>;
type TextLike<A> = AsNullableAs<"string", ArgumentType<A>>;

/** In upper case. `upper(c.name)` */
export function upper<const A extends Text>(text: A): Column<TextLike<A>> {
  return functionColumn(upper, "upper", [text]);
}
/** In lower case. `lower(c.email)` */
export function lower<const A extends Text>(text: A): Column<TextLike<A>> {
  return functionColumn(lower, "lower", [text]);
}
/** The first letter of each word in upper case, the rest in lower case. `initcap(c.title)` */
export function initcap<const A extends Text>(text: A): Column<TextLike<A>> {
  return functionColumn(initcap, "initcap", [text]);
}
/** The number of characters (code points), or of bytes of a binary value. `length(c.name)` */
export function length<const A extends ColumnArgument>(text: A): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(length, "length", [text]);
}
/** Without spaces at both ends. `trim(c.name)` */
export function trim<const A extends Text>(text: A): Column<TextLike<A>> {
  return functionColumn(trim, "trim", [text]);
}
/** Without spaces at the start. */
export function ltrim<const A extends Text>(text: A): Column<TextLike<A>> {
  return functionColumn(ltrim, "ltrim", [text]);
}
/** Without spaces at the end. */
export function rtrim<const A extends Text>(text: A): Column<TextLike<A>> {
  return functionColumn(rtrim, "rtrim", [text]);
}
/** Part of the text from a position, counted from 1, from the end when negative. `substring(c.day, 1, 4)` */
export function substring<const A extends Text>(text: A, start: number, length?: number): Column<TextLike<A>> {
  const more = length === undefined ? [literalOf(start)] : [literalOf(start), literalOf(length)];
  return functionColumn(substring, "substring", [text], more);
}
/** The texts one after another; NULL when one is. `concat(c.first, lit(" "), c.last)` */
export function concat(...texts: readonly ColumnArgument[]): Column<"string"> {
  return functionColumn(concat, "concat", texts);
}
/** The texts that are not NULL, with a separator between them. `concatWs("-", c.year, c.month)` */
export function concatWs(separator: string, ...texts: readonly ColumnArgument[]): Column<"string!"> {
  return functionColumn(concatWs, "concat_ws", [new Column(literalOf(separator)), ...texts]);
}
/** The parts between the matches of a regular expression, at most `limit` when positive. `split(c.value, " ")` */
export function split(text: Text, pattern: string, limit?: number): Column<ArrayLiteral<"string!", true>> {
  const more = limit === undefined ? [literalOf(pattern)] : [literalOf(pattern), literalOf(limit)];
  return functionColumn(split, "split", [text], more);
}
/** Part `part` (from 1, from the end when negative) between separators; empty when there is none. `splitPart(c.path, "/", 2)` */
export function splitPart<const A extends Text>(text: A, separator: string, part: number): Column<TextLike<A>> {
  return functionColumn(splitPart, "split_part", [text], [literalOf(separator), literalOf(part)]);
}
/** What a group of the first match captured; empty when nothing matches. `regexpExtract(c.url, "id=(\\d+)", 1)` */
export function regexpExtract<const A extends Text>(text: A, pattern: string, group = 1): Column<TextLike<A>> {
  return functionColumn(regexpExtract, "regexp_extract", [text], [literalOf(pattern), literalOf(group)]);
}
/** What a group captured in each match. `regexpExtractAll(c.text, "#(\\w+)", 1)` */
export function regexpExtractAll(text: Text, pattern: string, group = 1): Column<ArrayLiteral<"string!", true>> {
  return functionColumn(regexpExtractAll, "regexp_extract_all", [text], [literalOf(pattern), literalOf(group)]);
}
/** Each match of a regular expression replaced; `$1` stands for a group. `regexpReplace(c.phone, "\\D", "")` */
export function regexpReplace<const A extends Text>(
  text: A,
  pattern: string,
  replacement: string,
): Column<TextLike<A>> {
  return functionColumn(regexpReplace, "regexp_replace", [text], [literalOf(pattern), literalOf(replacement)]);
}
/** Each occurrence of a text replaced. `replace(c.path, "\\", "/")` */
export function replace<const A extends Text>(text: A, search: string, replacement = ""): Column<TextLike<A>> {
  return functionColumn(replace, "replace", [text], [literalOf(search), literalOf(replacement)]);
}
/** Characters replaced one by one. `translate(c.value, "abc", "xyz")` */
export function translate<const A extends Text>(text: A, from: string, to: string): Column<TextLike<A>> {
  return functionColumn(translate, "translate", [text], [literalOf(from), literalOf(to)]);
}
/** Filled at the start to a length, or cut to it. `lpad(c.code, 8, "0")` */
export function lpad<const A extends Text>(text: A, length: number, fill = " "): Column<TextLike<A>> {
  return functionColumn(lpad, "lpad", [text], [literalOf(length), literalOf(fill)]);
}
/** Filled at the end to a length, or cut to it. */
export function rpad<const A extends Text>(text: A, length: number, fill = " "): Column<TextLike<A>> {
  return functionColumn(rpad, "rpad", [text], [literalOf(length), literalOf(fill)]);
}
/** Where a text occurs first, from 1; 0 when it does not. `instr(c.email, "@")` */
export function instr<const A extends Text>(text: A, part: string): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(instr, "instr", [text], [literalOf(part)]);
}
/** The characters in reverse order. `reverse(c.name)` */
export function reverse<const A extends Text>(text: A): Column<TextLike<A>> {
  return functionColumn(reverse, "reverse", [text]);
}
/** The text so many times. `repeat(c.mark, 3)` */
export function repeat<const A extends Text>(text: A, times: number): Column<TextLike<A>> {
  return functionColumn(repeat, "repeat", [text], [literalOf(times)]);
}
