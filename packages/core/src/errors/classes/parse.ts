/** Errors in SQL text, schema strings and the like. */
export const parseErrors = {
  PARSE_SYNTAX_ERROR: { sqlState: "42601", message: "Syntax error at or near <error><hint>." },
  PARSE_EMPTY_STATEMENT: { sqlState: "42617", message: "Syntax error, unexpected empty statement." },
  UNSUPPORTED_DATATYPE: { sqlState: "0A000", message: "Unsupported data type <typeName>." },
} as const;
