/** What docs/dataframes.md shows: joins, window functions, subtotals, missing values, caches, views and metrics. */
import {
  avg,
  broadcast,
  coalesce,
  col,
  count,
  countIf,
  lag,
  lit,
  max,
  Observation,
  rank,
  rowNumber,
  SparkSession,
  sum,
  Window,
} from "millrace";

await using spark = await SparkSession.builder.appName("dataframes").getOrCreate();
spark.conf.set("spark.sql.session.timeZone", "UTC");

const orders = spark.createDataFrame(
  [
    { id: 1, customer: "ada", day: "2026-03-01", cents: 1200 },
    { id: 2, customer: "bob", day: "2026-03-01", cents: 800 },
    { id: 3, customer: "ada", day: "2026-03-02", cents: 300 },
    { id: 4, customer: "ada", day: "2026-03-04", cents: 500 },
    { id: 5, customer: "cyd", day: "2026-03-04", cents: null },
  ],
  { id: "bigint!", customer: "string", day: "date", cents: "int" },
);
const customers = spark.createDataFrame(
  [
    { customer: "ada", country: "NL" },
    { customer: "bob", country: "DE" },
    { customer: "eve", country: "NL" },
  ],
  { customer: "string", country: "string" },
);

const perCountry = orders
  .join(customers, "customer", "left")
  .groupBy("country")
  .agg((o) => ({ orders: count(), cents: sum(o.cents) }))
  .orderBy("country");
await perCountry.show();

const silent = customers.join(orders, (c, o) => c.customer.eq(o.customer), "leftAnti");
await silent.show();

await orders.join(broadcast(customers), "customer").select("id", "country").orderBy("id").show();

const byDay = Window.partitionBy("customer").orderBy("day");
const history = orders
  .select("customer", "day", "cents", (o) => ({
    nth: rowNumber().over(byDay),
    before: lag(o.cents, 1).over(byDay),
    total: sum(o.cents).over(byDay.rowsBetween(Window.unboundedPreceding, Window.currentRow)),
  }))
  .orderBy("customer", "day");
await history.show();

const best = orders.withColumn("place", rank().over(Window.orderBy(col("cents").desc()))).filter((o) => o.place.leq(2));
await best.show();

await orders
  .rollup("customer", "day")
  .agg((o) => ({ cents: sum(o.cents) }))
  .orderBy("customer", "day")
  .limit(4)
  .show();

await orders.groupBy("customer").pivot("day", ["2026-03-01", "2026-03-04"]).sum("cents").orderBy("customer").show();

await orders.groupBy("customer").count().orderBy("customer").transpose().show();

const wide = orders.select("id", "cents", "day").to({ day: "timestamp", cents: "bigint", note: "string" });
await wide.orderBy("day").zipWithIndex("nth").show(2);

await orders.na
  .fill(0, ["cents"])
  .agg((o) => ({ mean: avg(o.cents) }))
  .show();
console.log(await orders.corr("id", "cents"));

const recent = orders.filter((o) => o.day.geq("2026-03-02")).cache();
console.log(await recent.count(), "orders, computed and kept");
console.log(await recent.agg((o) => ({ most: max(o.cents) })).collect(), "from the cache");
await recent.unpersist();

const quality = new Observation("quality");
const kept = orders
  .observe(quality, count().alias("rows"), countIf(col("cents").isNull()).alias("unpriced"))
  .filter((o) => o.cents.isNotNull());
console.log(await kept.count(), await quality.get);

orders.createOrReplaceTempView("orders");
console.log((await spark.catalog.listTables()).map((table) => table.name));
await spark.table("orders").filter("cents >= 800").select("id").show();

await orders
  .select((o) => ({ customer: o.customer, cents: coalesce(o.cents, lit(0)) }))
  .groupBy("customer")
  .sum("cents")
  .explain();
