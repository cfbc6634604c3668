/** Errors of calls that the API refuses before a plan is made. */
export const apiErrors = {
  NO_ACTIVE_OR_DEFAULT_SESSION: {
    sqlState: "08003",
    message: "No session is running. Make one with SparkSession.builder.getOrCreate() first.",
  },
  INVALID_ATTRIBUTE_NAME_SYNTAX: {
    sqlState: "42601",
    message:
      "Syntax error in the attribute name: <name>. Check that backticks appear in pairs, a quoted string is a complete name part and use a backtick only inside quoted name parts.",
  },
  "UNSUPPORTED_FEATURE.LITERAL_TYPE": {
    sqlState: "0A000",
    message:
      "The feature is not supported: Literal for '<value>' of <type>. Use a string, number, bigint, boolean, Date, Uint8Array or null.",
  },
  LENGTH_SHOULD_BE_THE_SAME: {
    sqlState: "42K0L",
    message: "<arg1> and <arg2> should be of the same length, got <arg1_length> and <arg2_length>.",
  },
  "UNSUPPORTED_FEATURE.PIVOT_AFTER_GROUP_BY": {
    sqlState: "0A000",
    message: "The feature is not supported: PIVOT clause following a rollup, cube or grouping sets. Use groupBy.",
  },
  OBSERVATION_OF_STREAM: {
    sqlState: "0A000",
    message:
      "The observation <name> cannot take the metrics of a stream, which has some for every batch. Give observe a name and read observedMetrics of the query's progress.",
  },
  NO_OBSERVED_METRICS: {
    sqlState: "42K0L",
    message: "The observation <name> has no metrics: <reason>.",
  },
  UNSUPPORTED_JOIN_TYPE: {
    sqlState: "0A000",
    message: "Unsupported join type '<typ>'. Supported join types include: <supported>.",
  },
  SESSION_OPTIONS_DIFFER: {
    sqlState: "42K0L",
    message:
      "getOrCreate() found a running session whose row types or roles differ (<running>) from the ones asked for (<wanted>). Stop the running session first, or leave out the difference.",
  },
  SQL_CONF_NOT_FOUND: {
    sqlState: "42K0I",
    message: "The SQL config <sqlConf> cannot be found. Please verify that the config exists.",
  },
  INVALID_TRIGGER: { sqlState: "42K0L", message: "The trigger is invalid: <reason>." },
  CANNOT_INFER_SCHEMA: {
    sqlState: "42K0L",
    message:
      "The schema cannot be taken from the rows: <reason>. Pass a schema as the second argument of createDataFrame.",
  },
} as const;
