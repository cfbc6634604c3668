/** Errors while rows are computed. */
export const executionErrors = {
  INTERNAL_ERROR: { sqlState: "XX000", message: "<message>. This is a bug in Millrace: please report it with this message." },
  ARITHMETIC_OVERFLOW: {
    sqlState: "22003",
    message: '<message>.<alternative> If necessary set <config> to "false" to bypass this error.',
  },
  CAST_INVALID_INPUT: {
    sqlState: "22018",
    message:
      'The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.',
  },
  CAST_OVERFLOW: {
    sqlState: "22003",
    message:
      "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead.",
  },
  DIVIDE_BY_ZERO: {
    sqlState: "22012",
    message:
      'Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to "false" to bypass this error.',
  },
  FAILED_EXECUTE_UDF: {
    sqlState: "39000",
    message: "User defined function (<functionName>: (<signature>) => <result>) failed due to: <reason>.",
  },
  BIGINT_OUT_OF_SAFE_RANGE: {
    sqlState: "22003",
    message:
      "The BIGINT value <value> of column <column> does not fit a JavaScript number without loss. Build the session with `bigint: true`, or cast the column to STRING or DOUBLE.",
  },
} as const;
