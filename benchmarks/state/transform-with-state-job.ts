/** A running count and sum for each user of a stream: `transform-with-state-job.ts THREADS RUNS DIRECTORY`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { count, sum } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [directory] = parameters as [string];
await using spark = await openSession(threads);
spark.conf.set("spark.sql.shuffle.partitions", "2");

const totals = spark.readStream
  .schema({ user: "bigint!", amount: "bigint!" })
  .option("maxFilesPerTrigger", 1)
  .json(directory)
  .groupByKey((row) => row.user, "bigint!")
  .transformWithState(
    (handle) => {
      const state = handle.getValueState("total", { events: "bigint!", amount: "bigint!" });
      return {
        handleInputRows(user, rows) {
          const before = state.get();
          let events = before === null ? 0 : before.events;
          let amount = before === null ? 0 : before.amount;
          for (const row of rows) {
            events++;
            amount += row.amount;
          }
          state.update({ events, amount });
          return [{ user, events, amount }];
        },
      };
    },
    { output: { user: "bigint!", events: "bigint!", amount: "bigint!" }, outputMode: "update" },
  );

await measureRuns(runs, async () => {
  const checkpoint = mkdtempSync(`${tmpdir()}/transform-with-state-`);
  let answer: string[] = [];
  await using query = await totals.writeStream
    .outputMode("update")
    .option("checkpointLocation", checkpoint)
    .foreachBatch(async (batch) => {
      const rows = await batch
        .agg(count("user").as("users"), sum("events").as("events"), sum("amount").as("amount"))
        .collect();
      answer = rows.map((row) => `${row.users}|${row.events}|${row.amount}`);
    })
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
  rmSync(checkpoint, { recursive: true });
  return answer;
});
