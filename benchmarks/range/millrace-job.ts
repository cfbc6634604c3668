/** `millrace-job.ts THREADS RUNS ROWS` */
import { col, count, lit, sum } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
await using spark = await openSession(threads);
const groups = spark
  .range(Number(parameters[0]))
  .filter("id % 3 = 0")
  .selectExpr("id", "id % 100 AS k")
  .groupBy("k")
  .agg(count(lit(1)).as("n"), sum(col("id")).as("total"));

await measureRuns(runs, async () => (await groups.collect()).map((row) => `${row.k}|${row.n}|${row.total}`));
