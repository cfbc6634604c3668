/** The sinks that write files. */
import type { SaveMode, SinkContext, SinkProvider, StreamSinkContext } from "../contract.ts";
import { FileSink } from "./file-sink.ts";
import { openFileWrite } from "./file-write.ts";
import { csvRows, jsonRows, textRows } from "./formats.ts";
import { parquetRows } from "../parquet/parquet-rows.ts";
import type { RowFormat } from "./row-format.ts";

function fileSinkProvider(format: RowFormat): SinkProvider {
  return {
    names: [format.name],
    outputModes: ["append"],
    temporaryCheckpointAllowed: false,
    openStream: (context: StreamSinkContext) => FileSink.open(format, context),
    openBatch: (context: SinkContext, mode: SaveMode) => openFileWrite(format, context, mode),
  };
}

export const jsonSink: SinkProvider = fileSinkProvider(jsonRows);
export const csvSink: SinkProvider = fileSinkProvider(csvRows);
export const textSink: SinkProvider = fileSinkProvider(textRows);
export const parquetSink: SinkProvider = fileSinkProvider(parquetRows);
