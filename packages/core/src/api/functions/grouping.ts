/** Functions about a row's place: its grouping set, its partition. */
import type { ColumnArgument } from "../column-types.ts";
import type { Column } from "../column.ts";
import { functionColumn } from "./function-column.ts";

/**
 * In the results of `rollup`, `cube` and `groupingSets`: 1 where the group leaves the grouping column out, so that its NULL
 * means all values, else 0. `sales.rollup("city").agg(grouping("city").alias("total"), sum("amount"))`
 */
export function grouping(column: ColumnArgument): Column<"tinyint!"> {
  return functionColumn(grouping, "grouping", [column]);
}
/**
 * In the results of `rollup`, `cube` and `groupingSets`: the number of the grouping set, {@link grouping} of each grouping
 * column as one bit, the first the highest. The columns, if given, must be all grouping columns in order.
 */
export function groupingId(...columns: readonly ColumnArgument[]): Column<"bigint!"> {
  return functionColumn(groupingId, "grouping_id", columns);
}
/** Number of the partition that the row is in, from 0. */
export function sparkPartitionId(): Column<"int!"> {
  return functionColumn(sparkPartitionId, "spark_partition_id", []);
}
