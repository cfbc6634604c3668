/** `millrace-job.ts THREADS RUNS ROWS EVERY`; the answer is every so many sorted rows. */
import { expr } from "millrace";
import type { SinkProvider } from "millrace/engine";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [rows, every] = parameters.map(Number) as [number, number];
await using spark = await openSession(threads);
const sorted = spark
  .range(rows)
  .select(expr("(id * 2654435761 + 12345) % 4294967291 AS k"), expr("id AS payload"))
  .orderBy("k");

/** Takes all rows and looks at a few of them. */
function sampleSink(answer: string[]): SinkProvider {
  return {
    names: ["sample"],
    outputModes: [],
    temporaryCheckpointAllowed: false,
    openBatch: async () => ({
      async write(partitions) {
        let place = 0;
        for (const partition of partitions) {
          for await (const batch of partition) {
            const [keys, payloads] = batch.columns;
            if (keys?.kind !== "i64" || payloads?.kind !== "i64") throw new Error("longs were expected");
            for (let next = (every - (place % every)) % every; next < batch.length; next += every) {
              answer.push(`${place + next}|${keys.values[next]}|${payloads.values[next]}`);
            }
            place += batch.length;
          }
        }
        return { rows: place };
      },
    }),
  };
}

await measureRuns(runs, async () => {
  const answer: string[] = [];
  await sorted.write.format(sampleSink(answer)).mode("append").save();
  return answer;
});
