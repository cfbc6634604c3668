/** Errors while rows are computed. */
export const executionErrors = {
  INTERNAL_ERROR: {
    sqlState: "XX000",
    message: "<message>. This is a bug in Millrace: please report it with this message.",
  },
  ARITHMETIC_OVERFLOW: {
    sqlState: "22003",
    message: '<message>.<alternative> If necessary set <config> to "false" to bypass this error.',
  },
  UNABLE_TO_ACQUIRE_MEMORY: {
    sqlState: "53200",
    message:
      "Unable to acquire <requestedBytes> bytes of memory for <consumer>, got <receivedBytes>: the operators of a query may hold <limit> bytes, and this one cannot write its rows to disk. Raise millrace.memory.limit, or make the query keep less.",
  },
  WORKER_THREAD_FAILED: {
    sqlState: "58000",
    retriable: true,
    message:
      "A worker thread ended before its task was done, <attempts> times: <reason>. A function that ends its thread (process.exit) must not be used in a query; master local[1] runs everything on the calling thread.",
  },
  WORKER_THREAD_OUT_OF_MEMORY: {
    sqlState: "53200",
    message:
      "The JavaScript heap of a worker thread is full: it may hold <limit> bytes. Objects of your functions and of aggregates such as collect_list lie there; keep fewer of them, raise millrace.parallel.heap, or use fewer threads (master local[n]).",
  },
  USER_FUNCTION_MODULE_NOT_LOADED: {
    sqlState: "42883",
    message:
      "The module <module> of the function <name> cannot be loaded: <reason>. udf wants the URL of a module that can be imported in any thread, such as import.meta.url, and the module must start nothing when it is imported.",
  },
  USER_FUNCTION_NOT_EXPORTED: {
    sqlState: "42883",
    message:
      "The module <module> exports no function <name>. A function that worker threads run is found by the name under which its module exports it: `export function <name>(…)`.",
  },
  SPILL_FILE_FAILED: {
    sqlState: "58030",
    retriable: true,
    message:
      "Rows that do not fit into memory could not be kept in <path>: <operation> failed with <code>. Make room there, set spark.local.dir to another directory, or raise millrace.memory.limit.",
  },
  SPILL_FILE_CHANGED: {
    sqlState: "58030",
    message:
      "The temporary file <path> is not as this query wrote it: another program changed it, or its disk is damaged. Set spark.local.dir to a directory of your own on a sound disk.",
  },
  COLUMN_BATCH_TOO_LARGE: {
    sqlState: "54000",
    message:
      "A batch holds <bytes> bytes of one string or binary column; the limit is 2147483647. Read fewer rows at a time, or cut the values.",
  },
  CAST_INVALID_INPUT: {
    sqlState: "22018",
    message:
      "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.",
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
  REMAINDER_BY_ZERO: {
    sqlState: "22012",
    message:
      'Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If necessary set <config> to "false" to bypass this error.',
  },
  INTERVAL_DIVIDED_BY_ZERO: {
    sqlState: "22012",
    message: "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.",
  },
  INTERVAL_ARITHMETIC_OVERFLOW: {
    sqlState: "22015",
    message: "Integer overflow while operating with intervals: <reason>.",
  },
  DATETIME_OVERFLOW: { sqlState: "22008", message: "Datetime operation overflow: <operation>." },
  "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION": {
    sqlState: "22003",
    message:
      'The <value> cannot be represented as Decimal(<precision>, <scale>). If necessary set <config> to "false" to bypass this error, and return NULL instead.',
  },
  "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION": {
    sqlState: "22003",
    message: "The <value> cannot be represented as Decimal(<precision>, <scale>).",
  },
  CANNOT_PARSE_TIMESTAMP: {
    sqlState: "22007",
    message: "<message>. Use `try_to_timestamp` to tolerate invalid input string and return NULL instead.",
  },
  "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION": {
    sqlState: "22023",
    message: '<rangeMessage>. If necessary set <ansiConfig> to "false" to bypass this error.',
  },
  "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER": {
    sqlState: "22007",
    message:
      "Unrecognized datetime pattern: <pattern>. Illegal pattern character found in datetime pattern: <c>. Please provide legal character.",
  },
  "INVALID_DATETIME_PATTERN.LENGTH": {
    sqlState: "22007",
    message: "Unrecognized datetime pattern: <pattern>. Too many letters in datetime pattern.",
  },
  INVALID_TIMEZONE: {
    sqlState: "22009",
    message:
      "The timezone: <timeZone> is invalid. The timezone must be either a region-based zone ID or a zone offset, such as 'America/Los_Angeles' or '+08:00'.",
  },
  "INVALID_INTERVAL_FORMAT.INPUT_IS_NULL": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Interval string cannot be null.",
  },
  "INVALID_INTERVAL_FORMAT.INPUT_IS_EMPTY": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Interval string cannot be empty.",
  },
  "INVALID_INTERVAL_FORMAT.INVALID_PREFIX": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Invalid interval prefix <prefix>.",
  },
  "INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Unrecognized number <number>.",
  },
  "INVALID_INTERVAL_FORMAT.INVALID_UNIT": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Invalid unit <unit>.",
  },
  "INVALID_INTERVAL_FORMAT.MISSING_NUMBER": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Expect a number after <word> but hit EOL.",
  },
  "INVALID_INTERVAL_FORMAT.MISSING_UNIT": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Expect a unit name after <word> but hit EOL.",
  },
  "INVALID_INTERVAL_FORMAT.INVALID_FRACTION": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. <unit> cannot have fractional part.",
  },
  "INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION": {
    sqlState: "22006",
    message: "Error parsing '<input>' to interval. Uncaught arithmetic exception while parsing.",
  },
  "INVALID_PARAMETER_VALUE.PATTERN": {
    sqlState: "22023",
    message:
      "The value of parameter(s) <parameter> in <functionName> is invalid: <value>. Expected a valid regular expression: <reason>.",
  },
  "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX": {
    sqlState: "22023",
    message:
      "The value of parameter(s) <parameter> in <functionName> is invalid: Expects group index between 0 and <groupCount>, but got <groupIndex>.",
  },
  "INVALID_PARAMETER_VALUE.DATETIME_UNIT": {
    sqlState: "22023",
    message:
      "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got <invalidValue>.",
  },
  "INVALID_FORMAT.ESC_AT_THE_END": {
    sqlState: "42601",
    message: "The format is invalid: <format>. The escape character is not allowed to end with.",
  },
  "INVALID_FORMAT.ESC_IN_THE_MIDDLE": {
    sqlState: "42601",
    message: "The format is invalid: <format>. The escape character is not allowed to precede <char>.",
  },
  INVALID_ARRAY_INDEX: {
    sqlState: "22003",
    message:
      "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead.",
  },
  INVALID_ARRAY_INDEX_IN_ELEMENT_AT: {
    sqlState: "22003",
    message:
      "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use `try_element_at` to tolerate accessing element at invalid index and return NULL instead.",
  },
  INVALID_INDEX_OF_ZERO: {
    sqlState: "22003",
    message: "The index 0 is invalid. An index shall be either negative or positive (the first element has index 1).",
  },
  INVALID_SEQUENCE: {
    sqlState: "22023",
    message:
      "sequence(<start>, <stop>, <step>) has no end: the step must lead from start to stop, in at most 2147483632 steps.",
  },
  "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER": {
    sqlState: "54000",
    message:
      "Can't create array with <numberOfElements> elements which exceeding the array size limit <maxRoundedArrayLength>, the value of parameter(s) <parameter> in the function <functionName> is invalid.",
  },
  "INVALID_PARAMETER_VALUE.START": {
    sqlState: "22023",
    message:
      "The value of parameter(s) <parameter> in <functionName> is invalid: Expects a positive or a negative value for `start`, but got 0.",
  },
  "INVALID_PARAMETER_VALUE.LENGTH": {
    sqlState: "22023",
    message:
      "The value of parameter(s) <parameter> in <functionName> is invalid: Expects `length` greater than or equal to 0, but got <length>.",
  },
  NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION: {
    sqlState: "22003",
    message:
      "Found the negative value in <frequencyExpression>: <negativeValue>, but expected a positive integral value.",
  },
  INVALID_BITMAP_POSITION: {
    sqlState: "22003",
    message:
      "The 0-indexed bitmap position <bitPosition> is out of bounds. The bitmap has <bitmapNumBits> bits (<bitmapNumBytes> bytes).",
  },
  MAP_ARRAYS_OF_DIFFERENT_LENGTH: {
    sqlState: "22023",
    message:
      "The key array and value array of a map must have the same length, but there are <keys> keys and <values> values.",
  },
  COMPARATOR_RETURNS_NULL: {
    sqlState: "22004",
    message:
      'The comparator has returned a NULL for a comparison between <firstValue> and <secondValue>. It should return a positive integer for "greater than", 0 for "equal" and a negative integer for "less than".',
  },
  NULL_MAP_KEY: { sqlState: "2200E", message: "Cannot use null as map key." },
  DUPLICATED_MAP_KEY: {
    sqlState: "23505",
    message: "Duplicate map key <key> was found, please check the input data. Keep one entry per key.",
  },
  USER_RAISED_EXCEPTION: { sqlState: "P0001", message: "<errorMessage>" },
  MALFORMED_RECORD_IN_FUNCTION: {
    sqlState: "22023",
    message:
      "Malformed records are detected in record parsing: <badRecord>. Parse Mode: FAILFAST. Set the option 'mode' as 'PERMISSIVE' to get NULL instead.",
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
  INVALID_EXTERNAL_VALUE: {
    sqlState: "42K0N",
    message: "The value <value> at <path> is not valid for the type <type>. Expected <expected>.",
  },
  NOT_NULL_ASSERT_VIOLATION: {
    sqlState: "42000",
    message: "NULL value appeared in the non-nullable field <path>. Declare the column nullable, or fill the value in.",
  },
  TIMESTAMP_OUT_OF_DATE_RANGE: {
    sqlState: "22008",
    message:
      "The TIMESTAMP value of <micros> microseconds in column <column> lies outside the years that a JavaScript Date holds. Cast the column to STRING or BIGINT.",
  },
  TEMPORAL_NOT_LOADED: {
    sqlState: "0A000",
    message:
      'Values as Temporal objects need `Temporal`, which this runtime does not have: build the session with `timestamps: "temporal"`, which loads the polyfill.',
  },
  SESSION_STOPPED: {
    sqlState: "57000",
    message: "The session was stopped. Build a new one with SparkSession.builder.",
  },
} as const;
