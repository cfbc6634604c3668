/** Errors of user code with state of its own: mapGroupsWithState, flatMapGroupsWithState, transformWithState. */
export const statefulGroupsErrors = {
  CANNOT_ASSIGN_EVENT_TIME_COLUMN_WITHOUT_WATERMARK: {
    sqlState: "42611",
    message:
      "Watermark needs to be defined to reassign event time column. Failed to find watermark definition in the streaming query. Call withWatermark on the input of transformWithState.",
  },
  CANNOT_GET_EVENT_TIME_WATERMARK: {
    sqlState: "0A000",
    message:
      "Cannot get event time watermark timestamp without setting watermark before [map|flatMap]GroupsWithState. Call withWatermark on the input.",
  },
  CANNOT_SET_TIMEOUT_DURATION: {
    sqlState: "0A000",
    message:
      'Cannot set timeout duration without enabling processing time timeout in [map|flatMap]GroupsWithState. Give it timeout: "ProcessingTimeTimeout".',
  },
  CANNOT_SET_TIMEOUT_TIMESTAMP: {
    sqlState: "0A000",
    message:
      'Cannot set timeout timestamp without enabling event time timeout in [map|flatMap]GroupsWithState. Give it timeout: "EventTimeTimeout".',
  },
  EMITTING_ROWS_OLDER_THAN_WATERMARK_NOT_ALLOWED: {
    sqlState: "42815",
    message:
      "Previous node emitted a row with eventTime=<emittedRowEventTime> which is older than current_watermark_value=<currentWatermark>. This can lead to correctness issues in the stateful operators downstream in the execution pipeline. Please correct the operator logic to emit rows after current global watermark value.",
  },
  FLATMAPGROUPSWITHSTATE_USER_FUNCTION_ERROR: {
    sqlState: "39000",
    message:
      "An error occurred in the user provided function in <function> of the operator <operator>, for the key <key> in batch <batch>. Reason: <reason>. The batch is not done: correct the function and start the query again.",
  },
  "ILLEGAL_STATE_STORE_VALUE.EMPTY_LIST_VALUE": {
    sqlState: "42601",
    message:
      "Illegal value provided to the State Store: Cannot write empty list values to State store for StateName <stateName>. Call clear() to remove the list.",
  },
  "ILLEGAL_STATE_STORE_VALUE.NULL_VALUE": {
    sqlState: "42601",
    message:
      "Illegal value provided to the State Store: Cannot write null values to State store for StateName <stateName>. Call clear() to remove the value.",
  },
  INVALID_GROUP_STATE_TIMEOUT: {
    sqlState: "22003",
    message: "<reason>.",
  },
  STATE_NOT_DEFINED: {
    sqlState: "42704",
    message:
      "State is either not defined or has already been removed. Ask `state.exists` first, or take `state.getOption()`.",
  },
  STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS: {
    sqlState: "42802",
    message:
      "Failed to create column family with unsupported starting character and name=<colFamilyName>. Names of state variables must not begin with `$` or `_`.",
  },
  STATE_STORE_CANNOT_USE_COLUMN_FAMILY_WITH_INVALID_NAME: {
    sqlState: "42802",
    message:
      "Failed to perform column family operation=<operationName> with invalid name=<colFamilyName>. Column family name cannot be empty or include leading/trailing spaces or use the reserved keyword=default.",
  },
  STATE_STORE_INVALID_CONFIG_AFTER_RESTART: {
    sqlState: "42K06",
    message:
      "Cannot change <configName> from <oldConfig> to <newConfig> between restarts. Please set <configName> to <oldConfig>, or restart with a new checkpoint directory.",
  },
  STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION: {
    sqlState: "42K06",
    message:
      "Schema evolution is not possible with existing value schema: old value schema=<oldValueSchema> and new value schema=<newValueSchema>. Fields that can be NULL may be added at the end; undo any other change, or restart with a new checkpoint directory.",
  },
  STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE: {
    sqlState: "42K06",
    message:
      "Cannot change <stateVarName> to <newType> between query restarts. Please set <stateVarName> to <oldType>, or restart with a new checkpoint directory.",
  },
  STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE: {
    sqlState: "42802",
    message:
      "Failed to perform stateful processor operation=<operationType> with invalid handle state=<handleState>. Variables are declared in init; they are read and written, and timers set, in the handlers.",
  },
  STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE: {
    sqlState: "42802",
    message:
      'Failed to perform stateful processor operation=<operationType> with invalid timeMode=<timeMode>. Timers need timeMode "ProcessingTime" or "EventTime".',
  },
  STATEFUL_PROCESSOR_CANNOT_REINITIALIZE_STATE_ON_KEY: {
    sqlState: "42802",
    message:
      "Cannot re-initialize state on the same grouping key during initial state handling for stateful processor. Invalid grouping key=<groupingKey>. The initial state must have one row for each key.",
  },
  STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED: {
    sqlState: "42802",
    message: "State variable with name <stateVarName> has already been defined in the StatefulProcessor.",
  },
  STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL: {
    sqlState: "42802",
    message: 'Cannot use TTL for state=<stateName> in timeMode=<timeMode>, use timeMode "ProcessingTime" instead.',
  },
  STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE: {
    sqlState: "42802",
    message: "TTL duration must be greater than zero for State store operation=<operationType> on state=<stateName>.",
  },
  STATEFUL_PROCESSOR_VARIABLES_CHANGED: {
    sqlState: "42802",
    message:
      "The StatefulProcessor declares the state variable <stateVarName> in one call and not, or with another type, in another. It must declare the same variables whenever it is made.",
  },
  TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR: {
    sqlState: "39000",
    message:
      "An error occurred in the user defined function <function> of the StatefulProcessor of the operator <operator>, for the key <key> in batch <batch>. Reason: <reason>. The batch is not done: correct the function and start the query again.",
  },
} as const;
