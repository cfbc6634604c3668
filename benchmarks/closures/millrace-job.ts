/** Closures of the user's over rows of JSON files: `millrace-job.ts THREADS RUNS EVENTS`. */
import { jobArguments, measureRuns, openSession } from "../job.ts";
import { isView, seen } from "./functions.ts";

const { threads, runs, parameters } = jobArguments();
const [events] = parameters as [string];
await using spark = await openSession(threads);
const counts = spark.read
  .schema({ ad_id: "string", event_type: "string", event_time: "bigint" })
  .json(events)
  .map(seen, { ad: "string!", kind: "string!", tenSeconds: "bigint!" })
  .filterRows(isView)
  .groupBy("ad")
  .count();

await measureRuns(runs, async () => (await counts.collect()).map((row) => `${row.ad}|${row.count}`));
