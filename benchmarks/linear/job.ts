/** One work over so many rows: `job.ts THREADS RUNS WORK ROWS`. The answer is a row. */
import { expr } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [work, count] = parameters as ["aggregate" | "keys" | "join" | "sort", string];
const rows = Number(count);
await using spark = await openSession(threads);
const numbers = spark.range(rows);
const frames = {
  aggregate: () => numbers.filter("id % 3 = 0").selectExpr("id % 100 AS k", "id AS v").groupBy("k").sum("v"),
  keys: () => numbers.selectExpr("concat('user-', id DIV 10) AS k", "id AS v").groupBy("k").sum("v"),
  join: () =>
    numbers
      .selectExpr("id % 1000000 AS k", "id AS v")
      .join(spark.range(1_000_000).select(expr("id AS k"), expr("id % 7 AS w")), "k"),
  sort: () => numbers.selectExpr("(id * 2654435761 + 12345) % 4294967291 AS k", "id AS v").orderBy("k"),
};

await measureRuns(runs, async () => {
  await frames[work]().write.format("noop").mode("append").save();
  return [];
});
