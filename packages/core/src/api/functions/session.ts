/** About the session and the query, and ways to fail it. */
import type { Expr } from "../../expressions/expression.ts";
import { originOf } from "../call-site.ts";
import { columnNamed } from "../column-names.ts";
import type { BooleanType, ColumnArgument, ColumnLike, StringType, Untyped } from "../column-types.ts";
import { call, Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

/** The version of Spark whose answers these are, and the name of the engine: `4.3.0 millrace`. */
export function version(): Column<"string!"> {
  return functionColumn(version, "version", []);
}
/** Name of the user; an embedded session has one, `millrace`. */
export function currentUser(): Column<"string!"> {
  return functionColumn(currentUser, "current_user", []);
}
/** URI of the file that a row comes from; empty text where rows come from no file. Right above a read, not above a join. */
export function inputFileName(): Column<"string!"> {
  return functionColumn(inputFileName, "input_file_name", []);
}
/** First byte of the part of a file that a row was read with, −1 where rows come from no file. */
export function inputFileBlockStart(): Column<"bigint!"> {
  return functionColumn(inputFileBlockStart, "input_file_block_start", []);
}
/** Bytes of the part of a file that a row was read with, −1 where rows come from no file. */
export function inputFileBlockLength(): Column<"bigint!"> {
  return functionColumn(inputFileBlockLength, "input_file_block_length", []);
}
/** The type of a value, as Spark writes it. `typeOf("amount")` */
export function typeOf(column: ColumnArgument): Column<"string!"> {
  return functionColumn(typeOf, "typeof", [column]);
}
/** Fails the query with a message of yours when it is computed. `when(c.age.lt(0), raiseError("a negative age"))` */
export function raiseError(message: string | ColumnLike<StringType | Untyped>): Column<Untyped> {
  return functionColumn(raiseError, "raise_error", [], [textOf(message)]);
}
/** NULL where the condition holds; elsewhere the query fails, with your message if there is one. */
export function assertTrue(
  condition: ColumnLike<BooleanType | Untyped>,
  message?: string | ColumnLike<StringType | Untyped>,
): Column<Untyped> {
  return functionColumn(assertTrue, "assert_true", [condition], message === undefined ? [] : [textOf(message)]);
}
/** Any function of the registry by its name in SQL; texts are column names. `callFunction("levenshtein", "a", "b")` */
export function callFunction(name: string, ...columns: readonly ColumnArgument[]): Column<Untyped> {
  const origin = originOf(callFunction);
  const args = columns.map((column) => (typeof column === "string" ? columnNamed(column, origin) : column.expr));
  return new Column(call(name, args, origin));
}

const textOf = (text: string | ColumnLike): Expr => (typeof text === "string" ? literalOf(text) : text.expr);
