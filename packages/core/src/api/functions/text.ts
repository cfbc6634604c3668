/** Searching, comparing and formatting text. */
import type { ArrayLiteral } from "../../types/schema-literal.ts";
import type {
  ArgumentType,
  AsNullableAs,
  BinaryType,
  ColumnArgument,
  NumericType,
  StringType,
} from "../column-types.ts";
import { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Text = ColumnArgument<StringType>;
/** Texts count as their UTF-8. */
type Bytes = ColumnArgument<StringType | BinaryType>;
type Numeric = ColumnArgument<NumericType>;

/** The first characters. */
export function left<const A extends Text>(value: A, length: number): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(left, "left", [value], [literalOf(length)]);
}
/** The last characters. */
export function right<const A extends Text>(value: A, length: number): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(right, "right", [value], [literalOf(length)]);
}
/** Without the given characters (or spaces) at both ends. */
export function btrim<const A extends Text>(
  value: A,
  characters?: string,
): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(
    btrim,
    "btrim",
    [value],
    [characters].filter((given) => given !== undefined).map((given) => literalOf(given)),
  );
}
/** Code point of the first character; 0 for an empty text. */
export function ascii<const A extends Text>(value: A): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(ascii, "ascii", [value]);
}
/** Number of bytes. */
export function octetLength<const A extends Bytes>(value: A): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(octetLength, "octet_length", [value]);
}
/** Number of bits. */
export function bitLength<const A extends Bytes>(value: A): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(bitLength, "bit_length", [value]);
}
/** Another text in place of the part from a position. `overlay(c.code, "XX", 3)` */
export function overlay<const A extends Text>(
  value: A,
  replacement: string,
  position: number,
  length?: number,
): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(
    overlay,
    "overlay",
    [value],
    [
      literalOf(replacement),
      literalOf(position),
      ...[length].filter((given) => given !== undefined).map((given) => literalOf(given)),
    ],
  );
}
/** How an English word sounds. */
export function soundex<const A extends Text>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(soundex, "soundex", [value]);
}
/** What stands before the count-th delimiter; behind it, from the end, when negative. `substringIndex(c.host, ".", 2)` */
export function substringIndex<const A extends Text>(
  value: A,
  delimiter: string,
  count: number,
): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(substringIndex, "substring_index", [value], [literalOf(delimiter), literalOf(count)]);
}
/** Position of a text in a list with commas, from 1; 0 when it is not there. */
export function findInSet<const A extends Text>(value: A, list: string): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(findInSet, "find_in_set", [value], [literalOf(list)]);
}
/** Capital letters become X, small ones x, digits n, or as given. */
export function mask<const A extends Text>(
  value: A,
  upper?: string,
  lower?: string,
  digit?: string,
  other?: string,
): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(
    mask,
    "mask",
    [value],
    [upper, lower, digit, other].filter((given) => given !== undefined).map((given) => literalOf(given)),
  );
}
/** Whether the text is digits with a valid Luhn checksum. */
export function luhnCheck<const A extends Text>(value: A): Column<AsNullableAs<"boolean", ArgumentType<A>>> {
  return functionColumn(luhnCheck, "luhn_check", [value]);
}
/** A number with commas and digits after the point. `formatNumber(c.amount, 2)` */
export function formatNumber(value: Numeric, digits: number): Column<"string"> {
  return functionColumn(formatNumber, "format_number", [value], [literalOf(digits)]);
}
/** A number, date, time or binary value by a format. `toChar(c.amount, "$99,999.00")` */
export function toChar(value: ColumnArgument, format: string): Column<"string"> {
  return functionColumn(toChar, "to_char", [value], [literalOf(format)]);
}
/** In single quotes, with backslashes before quotes. */
export function quote<const A extends Text>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(quote, "quote", [value]);
}
/** Whether a part of the text matches a regular expression. `rlike(c.path, "^/api/")` */
export function rlike<const A extends Text>(
  value: A,
  pattern: string,
): Column<AsNullableAs<"boolean", ArgumentType<A>>> {
  return functionColumn(rlike, "rlike", [value], [literalOf(pattern)]);
}
/** How often a regular expression matches. */
export function regexpCount<const A extends Text>(
  value: A,
  pattern: string,
): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(regexpCount, "regexp_count", [value], [literalOf(pattern)]);
}
/** Where the first match begins, from 1; 0 without one. */
export function regexpInstr<const A extends Text>(
  value: A,
  pattern: string,
): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(regexpInstr, "regexp_instr", [value], [literalOf(pattern)]);
}
/** The first match; NULL without one. */
export function regexpSubstr(value: Text, pattern: string): Column<"string"> {
  return functionColumn(regexpSubstr, "regexp_substr", [value], [literalOf(pattern)]);
}
/** Whether the text starts with a part. */
export function startsWith<const A extends Text>(
  value: A,
  part: string,
): Column<AsNullableAs<"boolean", ArgumentType<A>>> {
  return functionColumn(startsWith, "startswith", [value], [literalOf(part)]);
}
/** Whether the text ends with a part. */
export function endsWith<const A extends Text>(
  value: A,
  part: string,
): Column<AsNullableAs<"boolean", ArgumentType<A>>> {
  return functionColumn(endsWith, "endswith", [value], [literalOf(part)]);
}
/** Whether the text holds a part. */
export function contains<const A extends Text>(
  value: A,
  part: string,
): Column<AsNullableAs<"boolean", ArgumentType<A>>> {
  return functionColumn(contains, "contains", [value], [literalOf(part)]);
}
/** How many elements a JSON array has; NULL for anything else. */
export function jsonArrayLength(value: Text): Column<"int"> {
  return functionColumn(jsonArrayLength, "json_array_length", [value]);
}
/** The fields of a struct as one line of CSV. */
export function toCsv<const A extends ColumnArgument>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(toCsv, "to_csv", [value]);
}
/** Where a part occurs at or after a position, from 1; 0 when it does not. `locate("@", c.email)` */
export function locate<const A extends Text>(
  part: string,
  text: A,
  position = 1,
): Column<AsNullableAs<"int", ArgumentType<A>>> {
  return functionColumn(locate, "locate", [new Column(literalOf(part)), text], [literalOf(position)]);
}
/** How many characters must change, come or go between two texts. `levenshtein(c.name, c.typed)` */
export function levenshtein(left: Text, right: Text): Column<"int"> {
  return functionColumn(levenshtein, "levenshtein", [left, right]);
}
/** The values by a format as in C. `formatString("%s: %.2f", c.name, c.price)` */
export function formatString(format: string, ...values: readonly ColumnArgument[]): Column<"string!"> {
  return functionColumn(formatString, "format_string", [new Column(literalOf(format)), ...values]);
}
/** The words of each sentence. */
export function sentences(text: Text): Column<ArrayLiteral<ArrayLiteral<"string!", true>, true>> {
  return functionColumn(sentences, "sentences", [text]);
}
/** The keys of the outermost JSON object; NULL for anything else. */
export function jsonObjectKeys(text: Text): Column<ArrayLiteral<"string", true>> {
  return functionColumn(jsonObjectKeys, "json_object_keys", [text]);
}
