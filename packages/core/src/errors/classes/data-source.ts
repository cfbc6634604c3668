/** Errors of sources, sinks and their options. */
export const dataSourceErrors = {
  INVALID_SINGLE_VARIANT_COLUMN: {
    sqlState: "42613",
    message:
      "User specified schema <schema> is invalid when the `singleVariantColumn` option is enabled. The schema must either be a variant field, or a variant field plus a corrupt column field.",
  },
  DATA_SOURCE_NOT_FOUND: {
    sqlState: "42K02",
    message: "Failed to find the data source: <provider>. Check the spelling of the format; known formats: <known>.",
  },
  DATA_SOURCE_PACKAGE_NOT_FOUND: {
    sqlState: "42K02",
    message:
      "The data source <provider> is in the package <package>, which cannot be loaded: <reason>. Install it with `npm install <package>`.",
  },
  PATH_NOT_FOUND: { sqlState: "42K03", message: "Path does not exist: <path>." },
  NOT_COLUMN: {
    sqlState: "42K09",
    message:
      'Columns are wanted, and <what> is <value>. A value becomes a column by lit(…), a name by col("…"), and a function takes columns, as in sum("amount").',
  },
  INVALID_OPTION: { sqlState: "22023", message: "Option <option> of <provider> is invalid: <value>. <expected>" },
  RECORD_TOO_LARGE: {
    sqlState: "54000",
    message:
      "The record at <path>, line <line>, is longer than <limit> bytes. Raise the option maxRecordBytes to read it.",
  },
  BAD_RECORDS_LIMIT_EXCEEDED: {
    sqlState: "54000",
    message:
      "The bad records of one batch take more than <limit> bytes; the last one is in <path>. They are kept in memory until the batch commits: read less at a time (maxFilesPerTrigger, maxBytesPerTrigger), raise the option maxBadRecordsBytes, or look whether the schema fits the input.",
  },
  UNABLE_TO_INFER_SCHEMA: {
    sqlState: "42KD9",
    message: "Unable to infer schema for <format>: <reason>. Give the schema with schema(...).",
  },
  TAIL_DATA_LOSS: {
    sqlState: "KD000",
    message:
      "Log file <path> (<identity>) was removed or cut before it was read whole: bytes <from> to <to> are lost. Set the option failOnDataLoss to false to go on without them.",
  },
  MISSING_OPTION: { sqlState: "22023", message: "<provider> needs the option <option>. <hint>" },
  "FAILED_READ_FILE.FILE_NOT_EXIST": {
    sqlState: "KD001",
    message:
      "Encountered error while reading file <path>: the file does not exist. It was there when files were listed and may have been removed since. Set the option ignoreMissingFiles to skip such files.",
  },
  "FAILED_READ_FILE.NO_HINT": { sqlState: "KD001", message: "Encountered error while reading file <path>: <reason>." },
  "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER": {
    sqlState: "KD001",
    message:
      "Encountered error while reading file <path>. Could not read footer: <reason>. Please ensure that the file is in Parquet format. If it is damaged, fix it or skip it with the option ignoreCorruptFiles.",
  },
  "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH": {
    sqlState: "KD001",
    message:
      "Encountered error while reading file <path>. Data type mismatches when reading Parquet column <column>. Expected Spark type <expectedType>, actual Parquet type <actualType>. Read the column with the type that it has, and cast it.",
  },
  PARQUET_TYPE_ILLEGAL: {
    sqlState: "42846",
    message: "Illegal Parquet type: <parquetType> of the column <column>. Give a schema without the column.",
  },
  PARQUET_TYPE_NOT_SUPPORTED: {
    sqlState: "42846",
    message: "Parquet type not yet supported: <parquetType> of the column <column>. Give a schema without the column.",
  },
  PARQUET_TYPE_NOT_RECOGNIZED: {
    sqlState: "42846",
    message: "Unrecognized Parquet type: <field>. Give a schema without the column.",
  },
  _LEGACY_ERROR_TEMP_2093: {
    sqlState: "42702",
    message:
      'Found duplicate field(s) "<requiredFieldName>": <matchedOrcFields> in case-insensitive mode, in the file <path>. Set spark.sql.caseSensitive to true to tell them apart.',
  },
  "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION": {
    sqlState: "56038",
    message: "The codec <codecName> is not available (<where>). Available codecs are <availableCodecs>.",
  },
  INVALID_SAVE_MODE: {
    sqlState: "42000",
    message:
      'The specified save mode <mode> is invalid. Valid save modes include "append", "overwrite", "ignore", "error", "errorifexists", and "default".',
  },
  CONFLICTING_DIRECTORY_STRUCTURES: {
    sqlState: "KD009",
    message:
      "Conflicting directory structures detected. Suspicious paths: <discoveredBasePaths>. If the paths are directories of partitions, give the root directory of the table as the option basePath. If they are several tables, load them one by one and union them.",
  },
  CONFLICTING_PARTITION_COLUMN_NAMES: {
    sqlState: "KD009",
    message:
      "Conflicting partition column names detected: <distinctPartColLists>. In partitioned directories files lie in the innermost directories only, and directories of one level have the same partition column. Look at these directories: <suspiciousPaths>.",
  },
  EMPTY_PARTITION_COLUMN_NAME: {
    sqlState: "KD009",
    message: "Found an empty partition column name in the directory name '<columnSpec>'. Rename the directory.",
  },
  EMPTY_PARTITION_COLUMN_VALUE: {
    sqlState: "KD009",
    message: "Found an empty partition column value in the directory name '<columnSpec>'. Rename the directory.",
  },
  INVALID_PARTITION_VALUE: {
    sqlState: "42846",
    message:
      "Failed to cast value <value> to data type <dataType> for partition column <columnName>. Give the column another type in the schema, or rename the directory.",
  },
  _LEGACY_ERROR_TEMP_1155: {
    sqlState: "42000",
    message: "Partition column <column> not found in schema <schema>. Partition by columns that are written.",
  },
  ALL_PARTITION_COLUMNS_NOT_ALLOWED: {
    sqlState: "KD005",
    message: "Cannot use all columns for partition columns. At least one column must be left for the files.",
  },
  INVALID_PARTITION_COLUMN_DATA_TYPE: {
    sqlState: "0A000",
    message: "Cannot use <type> for partition column. Partition by columns of atomic types.",
  },
  CANNOT_MERGE_SCHEMAS: {
    sqlState: "42KD9",
    message:
      "Failed merging schemas:\nInitial schema:\n<left>\nSchema that cannot be merged with the initial schema:\n<right>.",
  },
  CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE: {
    sqlState: "42825",
    message: "Failed to merge incompatible data types <left> and <right>. Cast one of the columns when it is written.",
  },
  "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION": {
    sqlState: "22023",
    message:
      "Malformed records are detected in record parsing: <badRecord> (<where>: <reason>). Parse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.",
  },
  INVALID_ARROW_IPC: {
    sqlState: "22023",
    message: "The bytes are not a complete Arrow IPC stream: <reason>. Read them again from their source.",
  },
  UNSUPPORTED_ARROWTYPE: {
    sqlState: "0A000",
    message: "Unsupported arrow type <typeName> in column <column>. Convert the column before it is sent.",
  },
  CANNOT_CONNECT: {
    sqlState: "08001",
    retriable: true,
    message: "Cannot connect to <address>: <code>. Check that a server listens there (for a try-out: nc -lk PORT).",
  },
  UNSUPPORTED_PATH_SCHEME: {
    sqlState: "42K03",
    message:
      "The path <path> has the scheme <scheme>, for which no connector is installed. Local paths and file: URLs are read directly.",
  },
  PATH_NOT_ALLOWED: {
    sqlState: "42501",
    message:
      "<path> leads to <target>, which lies in none of the directories of millrace.restrictPaths: <roots>. Add its directory to the setting, or remove the link.",
  },
  UNSUPPORTED_DATA_SOURCE_MODE: {
    sqlState: "0A000",
    message: "The data source <provider> does not support <mode>. docs/connectors.md says what each format can do.",
  },
  UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE: {
    sqlState: "0A000",
    message:
      "The <format> datasource doesn't support the column <columnName> of the type <columnType>. Cast it to a type that the format holds.",
  },
  _LEGACY_ERROR_TEMP_1290: {
    sqlState: "0A000",
    message:
      "Text data source supports only a single column, and you have <schemaSize> columns. Select one column of strings.",
  },
  PATH_ALREADY_EXISTS: {
    sqlState: "42K04",
    message: 'Path <outputPath> already exists. Set mode as "overwrite" to overwrite the existing path.',
  },
  PATH_BELONGS_TO_STREAM: {
    sqlState: "42K04",
    message:
      "The directory <path> belongs to a streaming query: its readers see only what the query's manifest _spark_metadata lists, and not what is appended otherwise. Write to another directory.",
  },
  TASK_WRITE_FAILED: {
    sqlState: "58030",
    retriable: true,
    message: "Task failed while writing rows to <path>: <reason>.",
  },
  FILE_ACCESS_FAILED: {
    sqlState: "58030",
    retriable: true,
    message:
      "The file operation <operation> of <path> failed with <code>. Check that the path exists and that this process may use it.",
  },
} as const;
