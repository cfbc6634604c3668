/** Errors of window functions (`OVER`). */
export const windowErrors = {
  "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The data type <orderSpecType> used in the order specification does not support the data type <valueBoundaryType> which is used in the range frame.',
  },
  "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: A range window frame with value boundaries cannot be used in a window specification with multiple order by expressions: <orderSpec>.',
  },
  "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: A range window frame cannot be used in an unordered window specification.',
  },
  "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Window frame bounds "<lower>" and "<upper>" do not have the same type: <lowerType> and <upperType>.',
  },
  "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Window frame upper bound "<upper>" does not follow the lower bound "<lower>".',
  },
  "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The data type of the <location> bound <exprType> does not match the expected data type <expectedType>.',
  },
  "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Window frame <location> bound "<expression>" is not a literal.',
  },
  "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The lower bound of a window frame must be less than or equal to the upper bound.',
  },
  DISTINCT_WINDOW_FUNCTION_UNSUPPORTED: {
    sqlState: "0A000",
    message: 'Distinct window functions are not supported: "<windowExpr>".',
  },
  EXPRESSION_TYPE_IS_NOT_ORDERABLE: {
    sqlState: "42822",
    message: 'Column expression "<expr>" cannot be sorted because its type <exprType> is not orderable.',
  },
  "INVALID_SQL_SYNTAX.INVALID_WINDOW_FRAME_BOUND": {
    sqlState: "42000",
    message: "Invalid SQL syntax: Frame bound value must be a literal.",
  },
  INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC: {
    sqlState: "42601",
    message: 'Cannot specify ORDER BY or a window frame for "<aggFunc>".',
  },
  INVALID_WINDOW_FRAME: {
    sqlState: "42P20",
    message: "The frame of <function> is always <required>; leave out <frame>.",
  },
  MISSING_WINDOW_SPECIFICATION: {
    sqlState: "42P20",
    message: "Window specification is not defined in the WINDOW clause for <windowName>. Write OVER ( … ).",
  },
  NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING: {
    sqlState: "42KDE",
    message:
      "Window function is not supported in <windowFunc> (as column <columnName>) on streaming DataFrames/Datasets. Structured Streaming only supports time-window aggregation using the WINDOW function. (window specification: <windowSpec>)",
  },
  UNSUPPORTED_EXPR_FOR_OPERATOR: {
    sqlState: "42K0E",
    message:
      "The query operator <operator> contains one or more unsupported expressions. Rewrite it to avoid window functions in it: compute them in a select below. Invalid expressions: [<invalidExprSqls>].",
  },
  UNSUPPORTED_EXPR_FOR_WINDOW: {
    sqlState: "42P20",
    message: 'Expression "<sqlExpr>" not supported within a window function.',
  },
  WINDOW_FUNCTION_FRAME_NOT_ORDERED: {
    sqlState: "42601",
    message:
      "Window function <wf> requires the window to be ordered. You need to add an ORDER BY clause. For example: SELECT <wf>(…) OVER (PARTITION BY window_partition ORDER BY window_ordering) FROM table.",
  },
  WINDOW_FUNCTION_INSIDE_AGGREGATE: {
    sqlState: "42607",
    message:
      "It is not allowed to use a window function inside an aggregate function. Please use the inner window function in a sub-query.",
  },
  WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE: {
    sqlState: "42601",
    message: "It is not allowed to use window functions inside <clauseName> clause.",
  },
  WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE: {
    sqlState: "42601",
    message: 'Window function "<funcName>" requires an OVER clause.',
  },
} as const;
