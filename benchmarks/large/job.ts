/** One sort, join or aggregation of generated rows, pulled batch by batch. Arguments: work, rows, memory limit. */
import { expr, SparkSession } from "millrace";
import { peakRssMb, report } from "../child.ts";

const [work, count, limit] = process.argv.slice(2) as [string, string, string];
const rows = Number(count);
const quarter = Math.ceil(rows / 4);
await using spark = await SparkSession.builder.config("millrace.memory.limit", limit).getOrCreate();
const mixed = expr("(id * 2654435761 + 12345) % 4294967291 as k");
const numbers = spark.range(rows);
const plan =
  work === "sort"
    ? numbers.select(mixed, expr("id as payload")).orderBy("k")
    : work === "join"
      ? numbers
          .select(mixed, expr(`id % ${quarter} as other`))
          .join(spark.range(quarter).select(expr("id as other"), expr("id * 3 as value")), "other")
      : numbers.select(expr("concat('user-', id) as user")).groupBy("user").count();
const start = performance.now();
await plan.write.format("noop").mode("overwrite").save();
report({ seconds: (performance.now() - start) / 1000, peakRssMb: peakRssMb() });
