/** A few rows of the shape of TPC-H's tables, written by Millrace itself: `small-input.ts DIRECTORY`. Needs no DuckDB. */
import { SparkSession } from "millrace";
import { report } from "../child.ts";
import { smallRows } from "./small-rows.ts";

const [directory] = process.argv.slice(2) as [string];

await using spark = await SparkSession.builder.appName("tpch-input").getOrCreate();
spark.sparkContext.setLogLevel("ERROR");
// oracle.ts makes the same rows.
const tables = {
  lineitem: [
    "id DIV 4 AS l_orderkey",
    "CAST(id % 50 + 1 AS DECIMAL(15,2)) AS l_quantity",
    "CAST(id % 90000 + 1000.25 AS DECIMAL(15,2)) AS l_extendedprice",
    "CAST(id % 11 / 100 AS DECIMAL(15,2)) AS l_discount",
    "CAST(id % 9 / 100 AS DECIMAL(15,2)) AS l_tax",
    "substring('ANR', CAST(id % 3 AS INT) + 1, 1) AS l_returnflag",
    "substring('FO', CAST(id % 2 AS INT) + 1, 1) AS l_linestatus",
    "date_add(DATE '1992-01-01', CAST(id % 2500 AS INT)) AS l_shipdate",
  ],
  orders: [
    "id AS o_orderkey",
    "id % 1500 AS o_custkey",
    "date_add(DATE '1992-01-01', CAST(id % 2400 AS INT)) AS o_orderdate",
    "0 AS o_shippriority",
  ],
  customer: ["id AS c_custkey", "IF(id % 5 = 0, 'BUILDING', 'MACHINERY') AS c_mktsegment"],
};
for (const [name, columns] of Object.entries(tables)) {
  const frame = spark.range(smallRows[name as keyof typeof smallRows]).selectExpr(...columns);
  await frame.write.mode("overwrite").parquet(`${directory}/${name}.parquet`);
}
report({});
