/** What the compiler knows of window functions. */
import { expectTypeOf, test } from "vitest";
import { col, type DataFrame, desc, functions as f, sum, Window } from "./index.ts";

declare const trades: DataFrame<{
  readonly item: "string!";
  readonly at: "timestamp!";
  readonly price: "double";
  readonly size: "int!";
}>;

test("functions over windows keep their types", () => {
  const byTime = Window.partitionBy("item").orderBy("at");
  const frame = trades.select("item", (c) => ({
    number: f.rowNumber().over(byTime),
    share: f.cumeDist().over(byTime),
    before: f.lag(c.price).over(byTime),
    after: f.lead(c.size, 2, 0).over(byTime),
    total: sum(c.size).over(byTime.rowsBetween(Window.unboundedPreceding, Window.currentRow)),
    last: f.lastValue(c.item, { ignoreNulls: true }).over(byTime.rangeBetween(-1, 1)),
    second: f.nthValue(c.size, 2).over(Window.orderBy(desc("price"), col("size")).groupsBetween(-1, 0)),
  }));
  expectTypeOf(frame.schemaType).toEqualTypeOf<{
    readonly item: "string!";
    readonly number: "int!";
    readonly share: "double!";
    readonly before: "double";
    readonly after: "int";
    readonly total: "bigint";
    readonly last: "string";
    readonly second: "int";
  }>();
  // @ts-expect-error the default is no price
  trades.select((c) => ({ x: f.lag(c.price, 1, "none").over(byTime) }));
  // @ts-expect-error not a window
  sum("size").over("item");
});
