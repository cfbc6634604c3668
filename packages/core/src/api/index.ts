/**
 * Millrace: real-time stream processing in TypeScript with Spark's words.
 * `SparkSession` is the entry; functions over columns are named exports, all of them also in {@link functions}.
 */
export { SparkSession, type PartialRow, type SparkContext } from "./spark-session.ts";
export { type SessionBuilder, type SessionOptions } from "./session-builder.ts";
export { type RuntimeConfig } from "./runtime-config.ts";
export { DataFrame } from "./data-frame.ts";
export { broadcast } from "./broadcast.ts";
export type { ActionOptions, ShowOptions } from "./frame-actions.ts";
export { type GroupedData } from "./grouped-data.ts";
export { type PivotedData } from "./pivoted-data.ts";
export { type DataFrameNaFunctions } from "./na-functions.ts";
export { type DataFrameStatFunctions } from "./stat-functions.ts";
export { Observation, type ObservedMetrics } from "./observation.ts";
export { StorageLevel } from "./storage-level.ts";
export type { Catalog, CatalogColumn, CatalogDatabase, CatalogFunction, CatalogTable } from "./catalog.ts";
export { type KeyedRows } from "./keyed-rows.ts";
export type {
  ExpiredTimerInfo,
  GroupsOutputMode,
  GroupState,
  GroupStateTimeout,
  GroupsWithStateOptions,
  ListState,
  MakeStatefulProcessor,
  MapState,
  OutputRows,
  StatefulProcessor,
  StatefulProcessorHandle,
  TimeMode,
  TimerValues,
  TransformWithStateOptions,
  TtlConfig,
  ValueState,
} from "./stateful-groups.ts";
export { type DataFrameReader } from "./data-frame-reader.ts";
export { type DataStreamReader } from "./data-stream-reader.ts";
export { type DataFrameWriter, type WriteMode } from "./data-frame-writer.ts";
export { type DataStreamWriter, type ForeachWriter, type Trigger } from "./data-stream-writer.ts";
export { StreamingQuery, StreamingQueryManager, type BatchOfRows } from "./streaming-query.ts";
export { Column, SortColumn, type CaseColumn } from "./column.ts";
export { Window, WindowSpec, type FrameEnd, type PartitionItem, type WindowOrderItem } from "./window.ts";
export type { ColumnLike, ColumnType, LiteralValue, Row, Schema, Untyped, UntypedSchema } from "./column-types.ts";
export type { Columns, ColumnRecord, JoinHow, SelectItem } from "./selection-types.ts";
export type { SchemaInput } from "./read-schema.ts";
export type { OptionValue } from "./option-map.ts";
export type {
  Engine,
  CacheLevel,
  EngineCache,
  EngineConf,
  EngineFactory,
  EngineRequest,
  EngineTables,
  NewSessionOptions,
  ExplainMode,
  ForeachCallbacks,
  LogLevel,
  StreamRequest,
  TableInfo,
  WriteRequest,
} from "../session/engine.ts";

export * as functions from "./functions/index.ts";
export * from "./functions/index.ts";

export { array, map, notNull, struct } from "../types/schema-literal.ts";
export type {
  ArrayLiteral,
  MapLiteral,
  RowOf,
  SchemaLiteral,
  StructLiteral,
  TypeLiteral,
  ValueOf,
  ValueOptions,
  VariantValue,
} from "../types/schema-literal.ts";
export type { DataType, Field, StructType } from "../types/data-type.ts";
export { isMillraceError, MillraceError, type ErrorClass } from "../errors/index.ts";
export type { OutputMode, SaveMode, SinkProvider } from "../sinks/contract.ts";
export type { SourceProvider } from "../sources/contract.ts";
export type { RowSource } from "../sources/user/row-source.ts";
export { rowSink, type RowSink, type RowSinkBatch } from "../sinks/row-sink.ts";
export type { LateRowsOrigin } from "../streaming/late-rows.ts";
export type {
  QueryIdleEvent,
  QueryProgressEvent,
  QueryStartedEvent,
  QueryTerminatedEvent,
  SinkProgress,
  SourceProgress,
  OperatorWatermarkProgress,
  StateOperatorProgress,
  StopOptions,
  StreamingQueryListener,
  StreamingQueryProgress,
  StreamingQueryStatus,
  WatermarkNodeProgress,
  WatermarkProgress,
  WatermarkWait,
} from "../streaming/contract.ts";
