/** The answers of the three queries over the small tables, in plain TypeScript; money is exact, as whole numbers. */
import { smallRows } from "./small-rows.ts";

const day = (text: string): number => (Date.parse(text) - Date.parse("1992-01-01")) / 86_400_000;

/** Rows of lineitem. Prices in cents, discounts and taxes in hundredths, dates in days since 1992-01-01. */
function* lineitem() {
  for (let id = 0; id < smallRows.lineitem; id++) {
    yield {
      orderKey: Math.floor(id / 4),
      quantity: (id % 50) + 1,
      price: BigInt((id % 90_000) * 100 + 100_025),
      discount: BigInt(id % 11),
      tax: BigInt(id % 9),
      flags: `${"ANR"[id % 3]!}|${"FO"[id % 2]!}`,
      shipped: id % 2500,
    };
  }
}

/** A whole number with so many digits after the point. */
function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

export function smallAnswers(): Readonly<Record<"q1" | "q3" | "q6", readonly string[]>> {
  return { q1: pricingSummary(), q3: largestOrders(), q6: [decimal(revenueOfDiscounts(), 4)] };
}

function pricingSummary(): readonly string[] {
  const groups = new Map<
    string,
    { count: bigint; quantity: bigint; price: bigint; discount: bigint; discounted: bigint; charge: bigint }
  >();
  for (const { flags, quantity, price, discount, tax, shipped } of lineitem()) {
    if (shipped > day("1998-09-02")) continue;
    const group = groups.get(flags) ?? { count: 0n, quantity: 0n, price: 0n, discount: 0n, discounted: 0n, charge: 0n };
    groups.set(flags, group);
    group.count++;
    group.quantity += BigInt(quantity);
    group.price += price;
    group.discount += discount;
    group.discounted += price * (100n - discount);
    group.charge += price * (100n - discount) * (100n + tax);
  }
  return [...groups].map(([flags, { count, quantity, price, discount, discounted, charge }]) =>
    [
      flags,
      `${quantity}.00`,
      decimal(price, 2),
      decimal(discounted, 4),
      decimal(charge, 6),
      Number(quantity) / Number(count),
      Number(price) / 100 / Number(count),
      Number(discount) / 100 / Number(count),
      count,
    ].join("|"),
  );
}

function largestOrders(): readonly string[] {
  const until = day("1995-03-15");
  const revenue = new Map<number, bigint>();
  for (const { orderKey, price, discount, shipped } of lineitem()) {
    const isWanted = (orderKey % 1500) % 5 === 0 && orderKey % 2400 < until && shipped > until;
    if (isWanted) revenue.set(orderKey, (revenue.get(orderKey) ?? 0n) + price * (100n - discount));
  }
  const date = (orderKey: number): number => orderKey % 2400;
  return [...revenue]
    .toSorted(([a, x], [b, y]) => (x === y ? date(a) - date(b) : x < y ? 1 : -1))
    .slice(0, 10)
    .map(([orderKey, sum]) => {
      const ordered = new Date(Date.parse("1992-01-01") + date(orderKey) * 86_400_000).toISOString().slice(0, 10);
      return [orderKey, decimal(sum, 4), ordered, 0].join("|");
    });
}

function revenueOfDiscounts(): bigint {
  let revenue = 0n;
  for (const { quantity, price, discount, shipped } of lineitem()) {
    if (shipped < day("1994-01-01") || shipped >= day("1995-01-01")) continue;
    if (discount >= 5n && discount <= 7n && quantity < 24) revenue += price * discount;
  }
  return revenue;
}
