import { count, countIf, percentileApprox, SparkSession, window } from "millrace";

await using spark = await SparkSession.builder.appName("first-program").getOrCreate();

const requests = spark.readStream
  .schema({ at: "timestamp", route: "string", status: "int", ms: "double" })
  .json(`${import.meta.dirname}/logs`);

const health = requests
  .withWatermark("at", "10 seconds")
  .groupBy(window("at", "10 seconds"), "route")
  .agg((r) => ({
    requests: count(),
    errors: countIf(r.status.geq(500)), // r.stauts would be red in the editor
    p95: percentileApprox(r.ms, 0.95),
  }));

await using query = await health
  .orderBy("window", "route")
  .writeStream.outputMode("complete")
  .format("console")
  .option("truncate", false)
  .trigger({ availableNow: true }) // ends when all files are read; without this line it waits for more
  .start();
await query.awaitTermination();
