import fc from "fast-check";
import { expect, test } from "vitest";
import {
  booleanType,
  decimalType,
  doubleType,
  field,
  intType,
  type SqlValue,
  stringType,
  structType,
} from "../../types/data-type.ts";
import {
  framed,
  oracle,
  type OracleBound,
  type OracleRow,
  type OracleWindow,
  ordered,
  placed,
} from "./window-oracle.test-support.ts";
import { relation, run, select } from "./window.test-support.ts";

const schema = structType([
  field("id", intType),
  field("g", stringType),
  field("o", intType),
  field("i", intType),
  field("d", doubleType),
  field("m", decimalType(8, 2)),
  field("s", stringType),
  field("b", booleanType),
]);

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 });
const row: fc.Arbitrary<Omit<OracleRow, "id">> = fc.record({
  g: maybe(fc.constantFrom("x", "y")),
  o: maybe(fc.integer({ min: -5, max: 12 })),
  i: maybe(fc.integer({ min: -4, max: 9 })),
  d: maybe(fc.double({ min: -100, max: 100, noNaN: true })),
  m: maybe(fc.bigInt({ min: -99_999n, max: 99_999n })),
  s: maybe(fc.constantFrom("a", "b", "cc", "ß", "")),
  b: maybe(fc.boolean()),
});
const rows = fc
  .oneof(
    { weight: 6, arbitrary: fc.array(row, { maxLength: 25 }) },
    fc.array(row, { minLength: 80, maxLength: 160, size: "max" }),
  )
  .map((list) => list.map((each, id): OracleRow => ({ ...each, id })));

const order = fc.record({
  column: fc.constantFrom("o" as const, "s" as const, "id" as const),
  descending: fc.boolean(),
  nullsFirst: fc.boolean(),
});
const size = fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.integer({ min: 60, max: 110 }));
const offset: fc.Arbitrary<number> = fc.tuple(size, fc.boolean()).map(([n, back]) => (back ? -n : n));
const bounds: fc.Arbitrary<readonly [OracleBound, OracleBound]> = fc
  .tuple(
    fc.oneof(fc.constantFrom<OracleBound>("start", "row"), offset),
    fc.oneof(fc.constantFrom<OracleBound>("row", "end"), offset),
  )
  .map(([a, b]) => (typeof a === "number" && typeof b === "number" && a > b ? [b, a] : [a, b]));
const windows: fc.Arbitrary<OracleWindow> = fc
  .record({
    partitioned: fc.boolean(),
    order: fc.array(order, { maxLength: 2 }),
    unit: fc.constantFrom("rows" as const, "range" as const, "groups" as const),
    bounds,
  })
  .map(({ partitioned, order: items, unit, bounds: [lower, upper] }): OracleWindow => {
    const byValue = unit === "range" && (typeof lower === "number" || typeof upper === "number");
    const keys = byValue ? [{ ...(items[0] ?? { descending: false, nullsFirst: true }), column: "o" as const }] : items;
    // Without an order only rows can be counted.
    return { partitioned, order: keys, frame: { unit: keys.length === 0 ? "rows" : unit, lower, upper } };
  });

function boundText(bound: OracleBound): string {
  if (typeof bound === "number") return `${Math.abs(bound)} ${bound < 0 ? "PRECEDING" : "FOLLOWING"}`;
  return { start: "UNBOUNDED PRECEDING", row: "CURRENT ROW", end: "UNBOUNDED FOLLOWING" }[bound];
}
function overText({ partitioned, order: items, frame }: OracleWindow, withFrame: boolean): string {
  const keys = items.map(
    (item) => `${item.column} ${item.descending ? "DESC" : "ASC"} NULLS ${item.nullsFirst ? "FIRST" : "LAST"}`,
  );
  return [
    "OVER (",
    partitioned ? "PARTITION BY g" : "",
    keys.length === 0 ? "" : `ORDER BY ${keys.join(", ")}`,
    withFrame ? `${frame.unit} BETWEEN ${boundText(frame.lower)} AND ${boundText(frame.upper)}` : "",
    ")",
  ].join(" ");
}

/** Doubles to ten digits: sums over frames are added up in another order. */
function rounded(value: SqlValue | undefined): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;
}
function close(a: SqlValue | undefined, b: SqlValue | undefined): boolean {
  return typeof a === "number" && typeof b === "number" && Math.abs(a - b) < 1e-8;
}

test.each([true, false])(
  "window functions are what their definition says (codegen %s)",
  async (codegen) => {
    await fc.assert(
      fc.asyncProperty(rows, windows, fc.nat(), async (table, window, pick) => {
        const chosen = (list: typeof framed, count: number): typeof framed =>
          Array.from({ length: Math.min(count, list.length) }, (_, k) => list[(pick + 7 * k) % list.length]!);
        const hasOrder = window.order.length > 0;
        const functions = [
          ...chosen(framed, 6).map((each) => ({ each, over: overText(window, true) })),
          ...(hasOrder ? ordered.map((each) => ({ each, over: overText(window, true) })) : []),
          ...(hasOrder ? chosen(placed, 4).map((each) => ({ each, over: overText(window, false) })) : []),
        ];
        const list = ["id", ...functions.map(({ each: [sql], over }) => `${sql} ${over}`)].join(", ");
        const values = table.map((r): SqlValue[] => [r.id, r.g, r.o, r.i, r.d, r.m, r.s, r.b]);
        const found = await run(select(relation(schema, values), list), codegen);
        expect(found.length).toBe(table.length);
        functions.forEach(({ each: [sql, fn], over }, k) => {
          const expected = oracle(table, window, fn);
          for (const result of found) {
            const [actual, wanted] = [result[k + 1], expected.get(result[0] as number)];
            if (close(actual, wanted)) continue;
            expect(rounded(actual), `${sql} ${over} in row ${String(result[0])}`).toEqual(rounded(wanted));
          }
        });
      }),
      { numRuns: codegen ? 150 : 40 },
    );
  },
  60_000,
);
