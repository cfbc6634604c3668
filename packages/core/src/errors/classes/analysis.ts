/** Errors found before anything runs: names, types, unsupported plans. */
export const analysisErrors = {
  AMBIGUOUS_REFERENCE: { sqlState: "42704", message: "Reference <name> is ambiguous, could be: <referenceNames>." },
  "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: the left and right operands of the binary operator have incompatible types (<left> and <right>).',
  },
  "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: cannot cast <srcType> to <targetType>. To convert values from <srcType> to <targetType>, you can use the functions <functionNames> instead.',
  },
  "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: cannot cast <srcType> to <targetType> with ANSI mode on. If you have to cast <srcType> to <targetType>, you can set <config> as <configVal>.',
  },
  "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION": {
    sqlState: "42K09",
    message: 'Cannot resolve "<sqlExpr>" due to data type mismatch: cannot cast <srcType> to <targetType>.',
  },
  "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: the binary operator requires the input type <requiredType>, not <actualDataType>.',
  },
  "DATATYPE_MISMATCH.DATA_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input to <functionName> should all be the same type, but it\'s <dataType>.',
  },
  "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The <functionName> does not support ordering on type <dataType>.',
  },
  "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: the input <inputName> should be a foldable <inputType> expression; however, got <inputExpr>.',
  },
  "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The <exprName> must be between <valueRange> (current value = <currentValue>).',
  },
  "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE": {
    sqlState: "42K09",
    message: 'Cannot resolve "<sqlExpr>" due to data type mismatch: The key of map cannot be/contain <keyType>.',
  },
  "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input schema <schema> must be a struct, an array, a map or a variant.',
  },
  "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: the <paramIndex> parameter requires the <requiredType> type, however "<inputSql>" has the type <inputType>.',
  },
  "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: filter expression "<filter>" of type <type> is not a boolean.',
  },
  "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same element type, but it\'s [<leftType>, <rightType>].',
  },
  "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input to function <functionName> should have been two <arrayType> with same element type, but it\'s [<leftType>, <rightType>].',
  },
  "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input to <functionName> should have been <dataType> followed by a value with same key type, but it\'s [<leftType>, <rightType>].',
  },
  "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Only foldable `STRING` expressions are allowed to appear at odd position, but they are <inputExprs>.',
  },
  AMBIGUOUS_REFERENCE_TO_FIELDS: {
    sqlState: "42000",
    message: "Ambiguous reference to the field <field>. It appears <count> times in the schema.",
  },
  "DATATYPE_MISMATCH.NULL_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Null typed values cannot be used as arguments of <functionName>.',
  },
  "DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS": {
    sqlState: "42K09",
    message: 'Cannot resolve "<sqlExpr>" due to data type mismatch: Cannot drop all fields in struct.',
  },
  "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The given keys of function <functionName> should all be the same type, but they are <dataType>.',
  },
  "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The given values of function <functionName> should all be the same type, but they are <dataType>.',
  },
  "DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The <functionName> should all be of type map, but it\'s <dataType>.',
  },
  "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The <functionName> takes two integers, dates or timestamps and a step that is an integer or an interval, but got [<types>].',
  },
  "DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The <functionName> requires return <expectedType> type, but the actual is <actualType> type.',
  },
  "DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input to the <functionName> should have been two maps with compatible key types, but it\'s [<leftType>, <rightType>].',
  },
  "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES": {
    sqlState: "42K0D",
    message:
      'Invalid lambda function call. The lambda function has duplicate arguments <args>. Please, consider to rename the argument names or set <caseSensitiveConfig> to "true".',
  },
  "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION": {
    sqlState: "42K0D",
    message:
      "Invalid lambda function call. A lambda function should only be used in a higher order function. However, its class is <class>, which is not a higher order function.",
  },
  "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH": {
    sqlState: "42K0D",
    message:
      "Invalid lambda function call. A higher order function expects <expectedNumArgs> arguments, but got <actualNumArgs>.",
  },
  "INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION": {
    sqlState: "42K0D",
    message:
      "Invalid lambda function call. You passed a lambda function to a parameter that does not accept it. Please check if lambda function argument is in the correct position.",
  },
  MULTI_ALIAS_WITHOUT_GENERATOR: {
    sqlState: "42K0E",
    message: "Multi part aliasing (<names>) is not supported with <expr> as it is not a generator function.",
  },
  UDTF_ALIAS_NUMBER_MISMATCH: {
    sqlState: "42802",
    message:
      "The number of aliases supplied in the AS clause does not match the number of columns output by the function. Expected <aliasesSize> aliases, but got <aliasesNames>. Please ensure that the number of aliases provided matches the number of columns.",
  },
  "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The data type of the column (<columnIndex>) do not have the same type: <leftType> (<leftParamIndex>), <rightType> (<rightParamIndex>).',
  },
  "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING": {
    sqlState: "42K0K",
    message: "Invalid function <funcName> with WITHIN GROUP. WITHIN GROUP is required for the function.",
  },
  "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS": {
    sqlState: "42K0K",
    message:
      "Invalid function <funcName> with WITHIN GROUP. The function requires <expectedNum> orderings in WITHIN GROUP but got <actualNum>.",
  },
  "INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED": {
    sqlState: "42K0K",
    message: "Invalid function <funcName> with WITHIN GROUP. The function does not support DISTINCT with WITHIN GROUP.",
  },
  "INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT": {
    sqlState: "42K0K",
    message:
      "Invalid function <funcName> with WITHIN GROUP. The function is invoked with DISTINCT and WITHIN GROUP but expressions <funcArg> and <orderingExpr> do not match. The WITHIN GROUP ordering expression must be picked from the function inputs.",
  },
  JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE: {
    sqlState: "42K0E",
    message: 'The join condition <joinCondition> has the invalid type <conditionType>, expected "BOOLEAN".',
  },
  UNRESOLVED_USING_COLUMN_FOR_JOIN: {
    sqlState: "42703",
    message:
      "USING column <colName> cannot be resolved on the <side> side of the join. The <side>-side columns: [<suggestion>].",
  },
  FIELD_NOT_FOUND: { sqlState: "42704", message: "No such struct field <fieldName> in <fields>." },
  INVALID_EXTRACT_BASE_FIELD_TYPE: {
    sqlState: "42000",
    message: 'Can\'t extract a value from "<base>". Need a complex type [STRUCT, ARRAY, MAP] but got <other>.',
  },
  MISSING_GROUP_BY: {
    sqlState: "42803",
    message:
      'The query does not include a GROUP BY clause, but "<expression>" stands beside aggregates. Add GROUP BY, aggregate the expression, or turn the aggregates into window functions with OVER.',
  },
  MISSING_AGGREGATION: {
    sqlState: "42803",
    message:
      'The non-aggregating expression "<expression>" is based on columns which are not participating in the GROUP BY clause. Add the columns or the expression to the GROUP BY, aggregate the expression, or use <expressionAnyValue>.',
  },
  NESTED_AGGREGATE_FUNCTION: {
    sqlState: "42607",
    message:
      "It is not allowed to use an aggregate function in the argument of another aggregate function. Please use the inner aggregate function in a sub-query.",
  },
  INVALID_WHERE_CONDITION: {
    sqlState: "42903",
    message:
      'The WHERE condition "<condition>" contains invalid expressions: <expressionList>. Rewrite the query to avoid aggregate functions and generators in the WHERE clause.',
  },
  NUM_COLUMNS_MISMATCH: {
    sqlState: "42826",
    message:
      "<operator> can only be performed on inputs with the same number of columns, but the first input has <firstNumColumns> columns and the <invalidOrdinalNum> input has <invalidNumColumns> columns.",
  },
  INCOMPATIBLE_COLUMN_TYPE: {
    sqlState: "42825",
    message:
      "<operator> can only be performed on tables with compatible column types. The <columnOrdinalNumber> column of the <tableOrdinalNumber> table is <dataType1> type which is not compatible with <dataType2> at the same column of the first table.",
  },
  UNRESOLVED_ROUTINE: {
    sqlState: "42883",
    message: "Cannot resolve routine <routineName>. Check its spelling; docs/functions.md lists all functions.",
  },
  "UNRESOLVED_COLUMN.WITH_SUGGESTION": {
    sqlState: "42703",
    message:
      "A column, variable, or function parameter with name <objectName> cannot be resolved. Did you mean one of the following? [<proposal>].",
  },
  "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION": {
    sqlState: "42703",
    message: "A column, variable, or function parameter with name <objectName> cannot be resolved.",
  },
  "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT": {
    sqlState: "42K0E",
    message: "The generator is not supported: outside the SELECT clause, found: <plan>.",
  },
  "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS": {
    sqlState: "42K0E",
    message: 'The generator is not supported: nested in expressions "<expression>".',
  },
  "WRONG_NUM_ARGS.WITHOUT_SUGGESTION": {
    sqlState: "42605",
    message: "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>.",
  },
  _LEGACY_ERROR_TEMP_1324: {
    sqlState: "54000",
    message:
      "The pivot column has more than <limit> distinct values, this could indicate an error. If this was intended, set spark.sql.pivotMaxValues to at least the number of distinct values.",
  },
  _LEGACY_ERROR_TEMP_1006: {
    sqlState: "42803",
    message: "Aggregate expression required for pivot, but <sql> did not appear in any aggregate function.",
  },
  GROUPING_COLUMN_MISMATCH: {
    sqlState: "42803",
    message: "Column of grouping (<grouping>) can't be found in grouping columns (<groupingColumns>).",
  },
  GROUPING_ID_COLUMN_MISMATCH: {
    sqlState: "42803",
    message: "Columns of grouping_id (<groupingIdColumn>) do not match grouping columns (<groupByColumns>).",
  },
  UNSUPPORTED_GROUPING_EXPRESSION: {
    sqlState: "42K0E",
    message: "grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup.",
  },
  NON_LITERAL_PIVOT_VALUES: {
    sqlState: "42K08",
    message: "Literal expressions required for pivot values, found <expression>.",
  },
  PIVOT_VALUE_DATA_TYPE_MISMATCH: {
    sqlState: "42K09",
    message:
      "Invalid pivot value '<value>': value data type <valueType> does not match pivot column data type <pivotType>.",
  },
  UNPIVOT_REQUIRES_ATTRIBUTES: {
    sqlState: "42K0A",
    message:
      "UNPIVOT requires all given <given> expressions to be columns when no <empty> expressions are given. These are not columns: [<expressions>].",
  },
  UNPIVOT_REQUIRES_VALUE_COLUMNS: {
    sqlState: "42K0A",
    message: "At least one value column needs to be specified for UNPIVOT, all columns specified as ids.",
  },
  UNPIVOT_VALUE_DATA_TYPE_MISMATCH: {
    sqlState: "42K09",
    message: "Unpivot value columns must share a least common type, some types do not: [<types>].",
  },
  AMBIGUOUS_COLUMN_OR_FIELD: { sqlState: "42702", message: "Column or field <name> is ambiguous and has <n> matches." },
  INVALID_COLUMN_OR_FIELD_DATA_TYPE: {
    sqlState: "42000",
    message: "Column or field <name> is of type <type> while it's required to be <expectedType>.",
  },
  NULLABLE_COLUMN_OR_FIELD: {
    sqlState: "42000",
    message: "Column or field <name> is nullable while it's required to be non-nullable.",
  },
  "NOT_NULL_CONSTRAINT_VIOLATION.ARRAY_ELEMENT": {
    sqlState: "42000",
    message:
      "Assigning a NULL is not allowed here. The array <columnPath> is defined to contain only elements that are NOT NULL.",
  },
  "NOT_NULL_CONSTRAINT_VIOLATION.MAP_VALUE": {
    sqlState: "42000",
    message:
      "Assigning a NULL is not allowed here. The map <columnPath> is defined to contain only values that are NOT NULL.",
  },
  "UNRESOLVED_FIELD.WITH_SUGGESTION": {
    sqlState: "42703",
    message:
      "A field with name <fieldName> cannot be resolved with the struct-type column <columnPath>. Did you mean one of the following? [<proposal>].",
  },
  TRANSPOSE_EXCEED_ROW_LIMIT: {
    sqlState: "54006",
    message:
      "Number of rows exceeds the allowed limit of <maxValues> for TRANSPOSE. If this was intended, set <config> to at least the number of rows.",
  },
  TRANSPOSE_INVALID_INDEX_COLUMN: {
    sqlState: "42804",
    message: "Invalid index column for TRANSPOSE because: <reason>.",
  },
  TRANSPOSE_NO_LEAST_COMMON_TYPE: {
    sqlState: "42K09",
    message: "Transpose requires non-index columns to share a least common type, but <dt1> and <dt2> do not.",
  },
  UNRECOGNIZED_STATISTIC: {
    sqlState: "42704",
    message:
      "The statistic <stats> is not recognized. Valid statistics include `count`, `count_distinct`, `approx_count_distinct`, `mean`, `stddev`, `min`, `max`, and percentile values such as `75%`.",
  },
  UNRESOLVED_COLUMN_AMONG_FIELD_NAMES: {
    sqlState: "42703",
    message: "Cannot resolve column name <colName> among (<fieldNames>).",
  },
  ASSIGNMENT_ARITY_MISMATCH: {
    sqlState: "42802",
    message:
      "The number of columns or variables assigned or aliased: <numTarget> does not match the number of source expressions: <numExpr>. The columns are <columns>.",
  },
  EXCEPT_OVERLAPPING_COLUMNS: {
    sqlState: "42702",
    message: "Columns in an EXCEPT list must be distinct and non-overlapping, but got (<columns>).",
  },
  "INVALID_OBSERVED_METRICS.MISSING_NAME": {
    sqlState: "42K0E",
    message: "The observed metrics are invalid: the operator <operator> must have a name.",
  },
  "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED": {
    sqlState: "42K0E",
    message:
      "The observed metrics are invalid: aggregate expressions with DISTINCT are not allowed, but found: <expr>.",
  },
  "INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE": {
    sqlState: "42K0E",
    message:
      "The observed metrics are invalid: attribute <expr> can only be used as an argument to an aggregate function.",
  },
  DUPLICATED_METRICS_NAME: {
    sqlState: "42710",
    message:
      "The metric name is not unique: <metricName>. The same name cannot be used for metrics with different results.",
  },
  "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE": {
    sqlState: "0A000",
    message:
      "The feature is not supported: Cannot have MAP type columns in DataFrame which calls set operations (INTERSECT, EXCEPT, etc.), but the type of column <colName> is <dataType>.",
  },
  SCHEMA_NOT_FOUND: {
    sqlState: "42704",
    message: "The schema <schemaName> cannot be found. Views belong to no schema; the only one is default.",
  },
  TABLE_OR_VIEW_NOT_FOUND: {
    sqlState: "42P01",
    message:
      "The table or view <relationName> cannot be found. Verify the spelling and that it was registered on this session.",
  },
  WRITE_STREAM_NOT_ALLOWED: {
    sqlState: "42601",
    message: "`writeStream` can be called only on streaming Dataset/DataFrame. Use `write` for a batch result.",
  },
  EXPRESSION_NESTED_TOO_DEEP: {
    sqlState: "54001",
    message: "An expression is nested <depth> levels deep; the limit is <limit>. Split it over several columns.",
  },
  INVALID_USAGE_OF_STAR_OR_REGEX: { sqlState: "42000", message: "Invalid usage of <elem> in <prettyName>." },
  "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE": {
    sqlState: "42000",
    message: "Invalid SQL syntax: IN needs at least one value between its parentheses.",
  },
  "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX": {
    sqlState: "42000",
    message: "Invalid SQL syntax: The function <prettyName> does not support <syntax>.",
  },
  "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE": {
    sqlState: "42K0E",
    message: "The limit like expression is invalid: the <name> must be an integer of at least 0, but got <v>.",
  },
  MULTI_TIME_WINDOW_EXPRESSIONS: {
    sqlState: "0A000",
    message: "Multiple time window expressions in one list are not supported. Use one window, or join two results.",
  },
  INVALID_TIME_WINDOW: { sqlState: "42K09", message: 'Cannot resolve "<sqlExpr>": <reason>.' },
  CANNOT_PARSE_INTERVAL: {
    sqlState: "22006",
    message:
      "Unable to parse <intervalString>. Write a number and a unit, such as '10 seconds' or '1 hour 30 minutes'.",
  },
  INVALID_DELAY_THRESHOLD: {
    sqlState: "22023",
    message: "The watermark delay '<delay>' is negative. Give a delay of zero or more.",
  },
  EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE: {
    sqlState: "42K09",
    message: 'The event time <eventName> has the invalid type <eventType>, but expected "TIMESTAMP".',
  },
  COLUMN_ALREADY_EXISTS: {
    sqlState: "42711",
    message: "The column <columnName> already exists. Choose another name or rename the existing column.",
  },
  CANNOT_MODIFY_CONFIG: {
    sqlState: "46110",
    message:
      "Cannot modify the value of the configuration <key>: it is fixed when the session is built. Set it on the builder.",
  },
  INVALID_CONF_VALUE: {
    sqlState: "22022",
    message: "The value '<confValue>' in the config \"<confName>\" is invalid: expected <expected>.",
  },
  INSUFFICIENT_PERMISSIONS: {
    sqlState: "42501",
    message: "Insufficient privileges: <report>",
  },
  INVALID_COLUMN_MASK: {
    sqlState: "42K09",
    message:
      "The mask <mask> cannot stand for the column <column>: it is <maskType>, and the column is <columnType>. Cast it, and use no aggregates.",
  },
  TEMP_TABLE_OR_VIEW_ALREADY_EXISTS: {
    sqlState: "42P07",
    message:
      "Cannot create the temporary view <relationName> because it already exists. Use createOrReplaceTempView, or drop it first.",
  },
  STREAMING_READ_IN_BATCH: {
    sqlState: "0A000",
    message: "Queries with streaming sources must be executed with writeStream.start().",
  },
} as const;
