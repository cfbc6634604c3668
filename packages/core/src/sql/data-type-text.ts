/** Data types inside expressions: the DDL parser reads them in place. */
import type { DataType } from "../types/data-type.ts";
import { readDataType } from "../types/ddl.ts";
import { isWord, type Tokens } from "./lexer.ts";
import { syntaxError } from "./parse-error.ts";

/**
 * The type that starts at a token, and the token after it.
 * @throws MillraceError PARSE_SYNTAX_ERROR, UNSUPPORTED_DATATYPE
 */
export function parseTypeAt(tokens: Tokens, position: number): { readonly type: DataType; readonly next: number } {
  const { text, kinds, starts, stops, count } = tokens;
  if (!isWord(kinds[position]!)) throw syntaxError(text, starts[position]!, stops[position]!);
  const { type, end } = readDataType(text, starts[position]!);
  let next = position + 1;
  while (next < count - 1 && starts[next]! < end) next++;
  // `x::ARRAY<INT>>1`: the type ends inside of the operator `>>`.
  if (stops[next - 1]! > end) throw syntaxError(text, starts[next - 1]!, stops[next - 1]!);
  return { type, next };
}
