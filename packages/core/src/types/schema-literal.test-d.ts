/** Type tests: row types that follow from schema literals. Checked by the compiler, never run. */
import { array, map, notNull, type RowOf, struct, type ValueOf } from "./schema-literal.ts";
import { toStructType } from "./schema-conversion.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

const orders = {
  user: "string",
  at: "timestamp",
  amount: "decimal(10,2)",
  id: "bigint!",
  items: array(struct({ sku: "string!", n: "int" })),
  tags: map("string", "string!"),
  day: "date",
  local: "timestamp_ntz",
  bytes: "binary",
  took: "interval day to second!",
  nothing: "void",
  flags: notNull(array("boolean!")),
} as const;

type Order = RowOf<typeof orders>;
same<Order["user"], string | null>(true);
same<Order["at"], Date | null>(true);
same<Order["amount"], string | null>(true);
same<Order["id"], number>(true);
same<Order["items"], readonly ({ readonly sku: string; readonly n: number | null } | null)[] | null>(true);
same<Order["tags"], ReadonlyMap<string, string> | null>(true);
same<Order["day"], string | null>(true);
same<Order["local"], string | null>(true);
same<Order["bytes"], Uint8Array | null>(true);
same<Order["took"], string>(true);
same<Order["nothing"], null>(true);
same<Order["flags"], readonly boolean[]>(true);

type Exact = RowOf<typeof orders, { bigint: true }>;
same<Exact["id"], bigint>(true);
same<ValueOf<"bigint", { bigint: true }>, bigint | null>(true);
same<ValueOf<"bigint", { bigint: false }>, number | null>(true);
same<ValueOf<"double!">, number>(true);

const nested = array(array("bigint"));
same<ValueOf<typeof nested, { bigint: true }>, readonly (readonly (bigint | null)[] | null)[] | null>(true);

declare const temporal: RowOf<typeof orders, { timestamps: "temporal" }>;
temporal.at?.epochNanoseconds satisfies bigint | undefined;
temporal.day?.year satisfies number | undefined;
temporal.took.hours satisfies number;

toStructType(orders);
// @ts-expect-error a misspelt type is found by the compiler
toStructType({ user: "strnig" });
// @ts-expect-error an interval needs fields
toStructType({ took: "interval" });
// @ts-expect-error an array needs a known element type
array("strings");
// @ts-expect-error an interval does not run backwards
toStructType({ took: "interval second to day" });
declare const order: Order;
// @ts-expect-error a nullable column may be null
order.user.length;
// @ts-expect-error there is no such column
order.usr;
