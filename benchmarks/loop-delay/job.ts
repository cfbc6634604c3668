/**
 * An application that embeds Millrace and waits for its own work while a query runs: `job.ts THREADS RUNS EVENTS ROWS`.
 * Reports the delays of its event loop in milliseconds.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { peakRssMb, report } from "../child.ts";
import { jobArguments, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [events, rows] = parameters as [string, string];
await using spark = await openSession(threads);
const queries = {
  json: spark.read
    .schema({ ad_id: "string", event_type: "string", event_time: "bigint" })
    .json(events)
    .filter("event_type = 'view'")
    .groupBy("ad_id")
    .count(),
  range: spark.range(Number(rows)).filter("id % 3 = 0").selectExpr("id % 100 AS k").groupBy("k").count(),
};

// Each sample of the histogram holds the interval of its timer as well.
const resolution = 1;
const delays: Record<string, { readonly p50: number; readonly p99: number; readonly groups: number }> = {};
for (const [name, query] of Object.entries(queries)) {
  let groups = (await query.collect()).length;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  for (let run = 0; run < runs; run++) groups = (await query.collect()).length;
  await sleep(0);
  histogram.disable();
  const milliseconds = (share: number): number => Math.max(0, histogram.percentile(share) / 1e6 - resolution);
  delays[name] = { p50: milliseconds(50), p99: milliseconds(99), groups };
}
report({ delays, peakRssMb: peakRssMb() });
