import { join } from "node:path";
import type { SparkSession, StreamingQueryProgress } from "millrace";
import type { LogFormat } from "./log-format.ts";
import { type Lateness, readRequests, trafficByRoute, unreadableLines } from "./query.ts";
import type { Footer, Screen } from "./screen.ts";
import { RecentWindows } from "./windows.ts";

export interface MonitorOptions extends Lateness {
  readonly paths: readonly string[];
  readonly format: LogFormat;
  /** Where the checkpoints lie, and the lines that could not be read. */
  readonly directory: string;
  /** Ends when everything is read. */
  readonly once: boolean;
  readonly signal: AbortSignal;
}

/** Shows the traffic of a log until the signal aborts, or with `once` until the log is read. */
export async function monitor(spark: SparkSession, screen: Screen, options: MonitorOptions): Promise<void> {
  const { directory, signal } = options;
  const requests = readRequests(spark, options.paths, options.format);
  const trigger = options.once ? ({ availableNow: true } as const) : { processingTime: "1 second" };
  const windows = new RecentWindows(60);
  const footer: Footer = { lines: 0, lateLines: 0, unreadableLines: 0, watermark: undefined, batchMs: 0 };

  spark.streams.addListener({
    onQueryProgress({ progress }) {
      if (progress.name === "unreadable") footer.unreadableLines += Math.max(0, progress.sink.numOutputRows);
      else addProgress(footer, progress);
    },
  });
  await using unreadable = await unreadableLines(requests)
    .writeStream.queryName("unreadable")
    .trigger(trigger)
    .option("checkpointLocation", join(directory, "checkpoints", "unreadable"))
    .format("text")
    .start(join(directory, "unreadable-lines"));
  await using traffic = await trafficByRoute(requests, options)
    .writeStream.queryName("traffic")
    .outputMode("update")
    .trigger(trigger)
    .option("checkpointLocation", join(directory, "checkpoints", "traffic"))
    .format("noop")
    .start();

  const stop = (): void => void Promise.allSettled([traffic.stop({ drain: true }), unreadable.stop({ drain: true })]);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  for await (const { rows } of traffic.changes()) {
    windows.update(rows);
    screen.draw(windows, footer);
  }
  await unreadable.awaitTermination();
  screen.end(windows, footer);
}

function addProgress(footer: Footer, progress: StreamingQueryProgress): void {
  footer.lines += progress.numInputRows;
  footer.lateLines += progress.stateOperators.reduce((sum, operator) => sum + operator.numRowsDroppedByWatermark, 0);
  // Before the first line was seen, the watermark is 1970.
  const watermark = progress.eventTime?.["watermark"];
  if (watermark !== undefined && Date.parse(watermark) > 0) footer.watermark = watermark;
  if (progress.numInputRows > 0) footer.batchMs = progress.batchDuration;
}
