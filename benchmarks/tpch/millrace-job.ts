/** One of TPC-H's queries: `millrace-job.ts THREADS RUNS DIRECTORY QUERY`. */
import { avg, col, count, lit, sum } from "millrace";
import { jobArguments, measureRuns, openSession } from "../job.ts";

const { threads, runs, parameters } = jobArguments();
const [directory, name] = parameters as [string, "q1" | "q3" | "q6"];

await using spark = await openSession(threads);

const lineitem = spark.read
  .schema({
    l_orderkey: "bigint",
    l_quantity: "decimal(15,2)",
    l_extendedprice: "decimal(15,2)",
    l_discount: "decimal(15,2)",
    l_tax: "decimal(15,2)",
    l_returnflag: "string",
    l_linestatus: "string",
    l_shipdate: "date",
  })
  .parquet(`${directory}/lineitem.parquet`);
const orders = spark.read
  .schema({ o_orderkey: "bigint", o_custkey: "bigint", o_orderdate: "date", o_shippriority: "int" })
  .parquet(`${directory}/orders.parquet`);
const customer = spark.read
  .schema({ c_custkey: "bigint", c_mktsegment: "string" })
  .parquet(`${directory}/customer.parquet`);

const discounted = "l_extendedprice * (1 - l_discount)";
const queries = {
  q1: () =>
    lineitem
      .filter("l_shipdate <= DATE '1998-12-01' - INTERVAL '90' DAY")
      .selectExpr("*", `${discounted} AS disc_price`, `${discounted} * (1 + l_tax) AS charge`)
      .groupBy("l_returnflag", "l_linestatus")
      .agg(
        sum(col("l_quantity")).as("sum_qty"),
        sum(col("l_extendedprice")).as("sum_base_price"),
        sum(col("disc_price")).as("sum_disc_price"),
        sum(col("charge")).as("sum_charge"),
        avg(col("l_quantity")).as("avg_qty"),
        avg(col("l_extendedprice")).as("avg_price"),
        avg(col("l_discount")).as("avg_disc"),
        count(lit(1)).as("count_order"),
      )
      .orderBy("l_returnflag", "l_linestatus"),
  q3: () =>
    customer
      .filter("c_mktsegment = 'BUILDING'")
      .join(orders.filter("o_orderdate < DATE '1995-03-15'"), col("c_custkey").eq(col("o_custkey")))
      .join(lineitem.filter("l_shipdate > DATE '1995-03-15'"), col("l_orderkey").eq(col("o_orderkey")))
      .selectExpr("l_orderkey", "o_orderdate", "o_shippriority", `${discounted} AS part`)
      .groupBy("l_orderkey", "o_orderdate", "o_shippriority")
      .agg(sum(col("part")).as("revenue"))
      .selectExpr("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
      .orderBy(col("revenue").desc(), col("o_orderdate"))
      .limit(10),
  q6: () =>
    lineitem
      .filter(
        "l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24",
      )
      .selectExpr("l_extendedprice * l_discount AS part")
      .agg(sum(col("part")).as("revenue")),
};

await measureRuns(runs, async () => {
  const rows = await queries[name]().selectExpr("concat_ws('|', *) AS line").collect();
  return rows.map((row) => String((row as { readonly line: unknown }).line));
});
