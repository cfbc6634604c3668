/** Errors of sources, sinks and their options. */
export const dataSourceErrors = {
  DATA_SOURCE_NOT_FOUND: {
    sqlState: "42K02",
    message: "Failed to find the data source: <provider>. Check the spelling of the format; known formats: <known>.",
  },
  PATH_NOT_FOUND: { sqlState: "42K03", message: "Path does not exist: <path>." },
  INVALID_OPTION: { sqlState: "22023", message: "Option <option> of <provider> is invalid: <value>. <expected>" },
  MISSING_OPTION: { sqlState: "22023", message: "<provider> needs the option <option>. <hint>" },
  "FAILED_READ_FILE.NO_HINT": { sqlState: "KD001", message: "Encountered error while reading file <path>: <reason>." },
  "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION": {
    sqlState: "22023",
    message:
      "Malformed records are detected in record parsing: <badRecord> (<where>: <reason>). Parse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.",
  },
} as const;
