/** Batch analysis of 10,000 flights in the United States (U.S. Bureau of Transportation Statistics): who is late, and when? */
import { fileURLToPath } from "node:url";
import { avg, count, countIf, hour, percentileApprox, round, SparkSession, toTimestamp, udf } from "millrace";

const data = fileURLToPath(new URL("../data", import.meta.resolve("vega-datasets")));

await using spark = await SparkSession.builder.appName("flights").getOrCreate();

const flights = spark.read
  .schema({ date: "string", delay: "int", distance: "int", origin: "string", destination: "string" })
  .option("multiLine", true) // one array, not a line per flight
  .json(`${data}/flights-10k.json`)
  .withColumn("at", (f) => toTimestamp(f.date, "yyyy/MM/dd HH:mm"));

const airports = spark.read
  .schema({ iata: "string", name: "string", city: "string", state: "string" })
  .option("header", true)
  .csv(`${data}/airports.csv`);

console.log("The latest airports, of those with at least 100 flights:");
await flights
  .groupBy("origin")
  .agg((f) => ({
    flights: count(),
    late: countIf(f.delay.gt(15)),
    mean: round(avg(f.delay), 1),
    p95: percentileApprox(f.delay, 0.95),
  }))
  .filter((f) => f.flights.geq(100))
  .join(airports, (f, a) => f.origin.eq(a.iata))
  .select("origin", "city", "flights", "late", "mean", "p95")
  .orderBy((f) => f.mean.desc(), "origin")
  .limit(8)
  .show();

const partOfDay = udf(
  (h: number | null) => (h === null ? null : h < 6 ? "night" : h < 12 ? "morning" : h < 18 ? "afternoon" : "evening"),
  "string",
);
console.log("By part of the day:");
await flights
  .groupBy((f) => ({ part: partOfDay(hour(f.at)) }))
  .agg((f) => ({ flights: count(), mean: round(avg(f.delay), 1), p95: percentileApprox(f.delay, 0.95) }))
  .orderBy((f) => f.mean.desc())
  .show();
