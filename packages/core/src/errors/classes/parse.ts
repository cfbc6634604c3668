/** Errors in SQL text, schema strings and the like. */
export const parseErrors = {
  DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION: {
    sqlState: "22003",
    message: "Decimal precision <precision> exceeds max precision <maxPrecision>.",
  },
  INVALID_ESC: {
    sqlState: "42604",
    message: "Found an invalid escape string: <invalidEscape>. The escape string must contain only one character.",
  },
  INVALID_INTERVAL_FORMAT: {
    sqlState: "22006",
    message:
      "Error parsing '<input>' to interval: <reason>. Please ensure that the value provided is in a valid format for defining an interval.",
  },
  INVALID_NUMERIC_LITERAL_RANGE: {
    sqlState: "22003",
    message:
      "Numeric literal <rawStrippedQualifier> is outside the valid range for <typeName> with minimum value of <minValue> and maximum value of <maxValue>. Please adjust the value accordingly.",
  },
  INVALID_TYPED_LITERAL: {
    sqlState: "42604",
    message: "The value of the typed literal <valueType> is invalid: <value>.",
  },
  PARSE_SYNTAX_ERROR: { sqlState: "42601", message: "Syntax error at or near <error><hint>." },
  PARSE_EMPTY_STATEMENT: { sqlState: "42617", message: "Syntax error, unexpected empty statement." },
  UNSUPPORTED_DATATYPE: { sqlState: "0A000", message: "Unsupported data type <typeName>." },
  UNSUPPORTED_TIME_PRECISION: {
    sqlState: "0A001",
    message: "The seconds precision <precision> of the TIME data type is out of the supported range [0, 9].",
  },
  UNSUPPORTED_TYPED_LITERAL: {
    sqlState: "0A000",
    message: "Literals of the type <unsupportedType> are not supported. Supported types are <supportedTypes>.",
  },
  DATATYPE_MISSING_SIZE: {
    sqlState: "42K01",
    message: "DataType <type> requires a length parameter, for example <type>(10). Please specify the length.",
  },
  DECIMAL_SCALE_EXCEEDS_PRECISION: {
    sqlState: "22003",
    message: "Decimal scale <scale> cannot be greater than precision <precision>.",
  },
  INCOMPLETE_TYPE_DEFINITION: {
    sqlState: "42K01",
    message: "Incomplete complex type: the definition of <type> is incomplete. Write it as, for example, <example>.",
  },
  INVALID_SCHEMA_JSON: {
    sqlState: "22023",
    message: "The schema JSON is invalid at <path>: <reason>.",
  },
} as const;
