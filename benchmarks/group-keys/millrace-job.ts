/** `millrace-job.ts THREADS RUNS KEYS` */
import { col, count, expr, length, lit, sum } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const keys = Number(parameters[0]);
await using spark = await openSession(threads);
const counts = spark
  .range(2 * keys)
  .selectExpr(`concat('user-', id * 7919 % ${keys}) AS user`)
  .groupBy("user")
  .count();
// One row, so that nothing but the grouping takes time.
const summary = counts.agg(
  count(lit(1)).as("groups"),
  sum(col("count")).as("rows"),
  sum(expr("count * count")).as("squares"),
  sum(length(col("user"))).as("lengths"),
);

await measureRuns(runs, async () =>
  (await summary.collect()).map(({ groups, rows, squares, lengths }) => `${groups}|${rows}|${squares}|${lengths}`),
);
