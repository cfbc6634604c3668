/** Errors of dates, times, intervals and variants while rows are computed. */
export const datetimeErrors = {
  CANNOT_PARSE_TIME: {
    sqlState: "22010",
    message:
      "The input string <input> cannot be parsed to a TIME value because it does not match to the datetime format <format>.",
  },
  "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION": { sqlState: "22023", message: "<rangeMessage>." },
  "DATATYPE_MISMATCH.HASH_VARIANT_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input to the function <functionName> cannot contain elements of the "VARIANT" type yet.',
  },
  GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE: {
    sqlState: "42822",
    message:
      "The expression <sqlExpr> cannot be used as a grouping expression because its data type <dataType> is not an orderable data type.",
  },
  ILLEGAL_DAY_OF_WEEK: { sqlState: "22009", message: "Illegal input for day of week: <string>." },
  "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION": {
    sqlState: "22015",
    message:
      "Integer overflow while operating with intervals. Try devising appropriate values for the interval parameters.",
  },
  "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION": {
    sqlState: "22015",
    message:
      "Integer overflow while operating with intervals. Use <functionName> to tolerate overflow and return NULL instead.",
  },
  "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION": {
    sqlState: "42K0B",
    message:
      "You may get a different result due to the upgrading to Spark >= 3.0: Fail to recognize <pattern> pattern in the DateTimeFormatter. You can form a valid datetime pattern with the guide from 'https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html'; the setting <config> does not bring the old patterns back.",
  },
  "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN": {
    sqlState: "42K0B",
    message:
      "You may get a different result due to the upgrading to Spark >= 3.0: All week-based patterns are unsupported since Spark 3.0, detected week-based character: <c>. Please use the SQL function EXTRACT instead; the setting <config> does not bring them back.",
  },
  INVALID_EXTRACT_FIELD: { sqlState: "42601", message: "Cannot extract <field> from <expr>." },
  INVALID_FRACTION_OF_SECOND: {
    sqlState: "22023",
    message:
      "Valid range for seconds is [0, 60] (inclusive), but the provided value is <secAndMicros>. To avoid this error, use `try_make_timestamp`, which returns NULL on error.",
  },
  "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE": {
    sqlState: "22006",
    message:
      "Error parsing '<input>' to interval. Interval string does not match the format of `<intervalStr>`, such as '1 02:03:04.5' for day to second and '1-2' for year to month.",
  },
  "INVALID_PARAMETER_VALUE.TIME_UNIT": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `unit` in <functionName> is invalid: expects one of the units 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND', but got <invalidValue>.",
  },
  "INVALID_DATETIME_PATTERN.WITH_SUGGESTION": {
    sqlState: "22007",
    message:
      "Unrecognized datetime pattern: <pattern>. You can form a valid datetime pattern with the guide from 'https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html'.",
  },
  INVALID_VARIANT_CAST: {
    sqlState: "22023",
    message: "The variant value `<value>` cannot be cast into `<dataType>`. Please use `try_variant_get` instead.",
  },
  INVALID_VARIANT_GET_PATH: {
    sqlState: "22023",
    message:
      "The path `<path>` is not a valid variant extraction path in `<functionName>`. A valid path should start with `$` and is followed by zero or more segments like `[123]`, `.name`, `['name']`, or `[\"name\"]`.",
  },
  MALFORMED_VARIANT: {
    sqlState: "22023",
    message: "Variant binary is malformed. Please check the data source is valid.",
  },
  ROUNDING_NECESSARY: {
    sqlState: "22003",
    message: "The number of seconds <value> has digits beyond microseconds. Round it first.",
  },
  "UNSUPPORTED_FEATURE.SET_OPERATION_ON_VARIANT_TYPE": {
    sqlState: "0A000",
    message:
      "The feature is not supported: Cannot have VARIANT type columns in DataFrame which calls set operations (INTERSECT, EXCEPT, etc.), but the type of column <colName> is <dataType>.",
  },
  UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT: {
    sqlState: "22023",
    message: "Unknown primitive type with id <id> was found in a variant value.",
  },
  VARIANT_CONSTRUCTOR_SIZE_LIMIT: {
    sqlState: "22023",
    message:
      "Cannot construct a Variant larger than <sizeLimit> bytes: the maximum allowed size of a Variant value is that many bytes.",
  },
  VARIANT_DUPLICATE_KEY: {
    sqlState: "22023",
    message: "Failed to build variant because of a duplicate object key `<key>`.",
  },
} as const;
