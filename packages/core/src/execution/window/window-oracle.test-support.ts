/** Window functions by definition: for each row, look at every row of its partition. */
import { compareDoubles } from "../../columnar/compare.ts";
import type { SqlValue } from "../../types/data-type.ts";

/** A row of the tests: group, second group, order key, numbers, text, flag. `id` tells rows apart. */
export interface OracleRow {
  readonly id: number;
  readonly g: string | null;
  readonly o: number | null;
  readonly i: number | null;
  readonly d: number | null;
  readonly m: bigint | null;
  readonly s: string | null;
  readonly b: boolean | null;
}
export interface OracleOrder {
  readonly column: "o" | "s" | "id";
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}
export type OracleBound = "start" | "row" | "end" | number;
export interface OracleFrame {
  readonly unit: "rows" | "range" | "groups";
  readonly lower: OracleBound;
  readonly upper: OracleBound;
}
export interface OracleWindow {
  readonly partitioned: boolean;
  readonly order: readonly OracleOrder[];
  readonly frame: OracleFrame;
}
/** The value of a row from its frame, its partition in order, and its place there. */
export type OracleFunction = (
  frame: readonly OracleRow[],
  partition: readonly OracleRow[],
  at: number,
  peers: { readonly first: number; readonly end: number; readonly group: number },
) => SqlValue;

function compareKey(a: OracleRow, b: OracleRow, { column, descending, nullsFirst }: OracleOrder): number {
  const [x, y] = [a[column], b[column]];
  if (x === null || y === null) {
    if (x === y) return 0;
    return (x === null) === nullsFirst ? -1 : 1;
  }
  const order = typeof x === "number" ? compareDoubles(x, y as number) : x < (y as string) ? -1 : x === y ? 0 : 1;
  return descending ? -order : order;
}

export function oracle(
  rows: readonly OracleRow[],
  window: OracleWindow,
  fn: OracleFunction,
): ReadonlyMap<number, SqlValue> {
  const compare = (a: OracleRow, b: OracleRow): number => {
    for (const item of window.order) {
      const order = compareKey(a, b, item);
      if (order !== 0) return order;
    }
    return 0;
  };
  const result = new Map<number, SqlValue>();
  const keys = new Set(window.partitioned ? rows.map((row) => row.g) : [null]);
  for (const key of keys) {
    const partition = rows.filter((row) => !window.partitioned || row.g === key).toSorted(compare);
    let number = -1;
    const groups = partition.map((row, k) => (k === 0 || compare(partition[k - 1]!, row) !== 0 ? ++number : number));
    partition.forEach((row, at) => {
      const group = groups[at]!;
      const inFrame = partition.filter((other, k) => {
        const distance = window.frame.unit === "rows" ? k - at : groups[k]! - group;
        return reaches(distance, window, other, row, "lower") && reaches(distance, window, other, row, "upper");
      });
      const peers = { first: groups.indexOf(group), end: groups.lastIndexOf(group) + 1, group };
      result.set(row.id, fn(inFrame, partition, at, peers));
    });
  }
  return result;
}

/** Whether the frame of `row` reaches to `other` at one of its ends. */
function reaches(
  distance: number,
  { frame, order }: OracleWindow,
  other: OracleRow,
  row: OracleRow,
  side: "lower" | "upper",
): boolean {
  const bound = frame[side];
  if (bound === "start" || bound === "end") return true;
  const sign = side === "lower" ? 1 : -1;
  if (bound === "row" || frame.unit !== "range") return (distance - (bound === "row" ? 0 : bound)) * sign >= 0;
  // By value: the other row's key against this row's key plus the offset, NULLs at their place in the order.
  const key = order[0]!;
  const limit = row.o === null ? null : row.o + (key.descending ? -bound : bound);
  return compareKey(other, { ...row, o: limit }, key) * sign >= 0;
}

const present = <K extends "i" | "d" | "m" | "s" | "b">(
  frame: readonly OracleRow[],
  column: K,
): NonNullable<OracleRow[K]>[] =>
  frame.flatMap((row): NonNullable<OracleRow[K]>[] =>
    row[column] === null ? [] : [row[column] as NonNullable<OracleRow[K]>],
  );

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = total(values) / values.length;
  return Math.sqrt(total(values.map((value) => (value - mean) ** 2)) / (values.length - 1));
}
function best<T>(values: readonly T[], better: (a: T, b: T) => boolean): T | null {
  return values.length === 0 ? null : values.reduce((kept, value) => (better(value, kept) ? value : kept));
}
const nth = (values: readonly (number | null)[], n: number): number | null => values[n - 1] ?? null;
const offset = (partition: readonly OracleRow[], at: number, by: number): number | null | undefined =>
  partition[at + by]?.i;

/** SQL and meaning of the functions. */
export const framed: readonly (readonly [sql: string, fn: OracleFunction])[] = [
  ["count(*)", (f) => BigInt(f.length)],
  ["count(i)", (f) => BigInt(present(f, "i").length)],
  ["sum(i)", (f) => (present(f, "i").length === 0 ? null : BigInt(total(present(f, "i"))))],
  ["sum(d)", (f) => (present(f, "d").length === 0 ? null : total(present(f, "d")))],
  ["avg(d)", (f) => (present(f, "d").length === 0 ? null : total(present(f, "d")) / present(f, "d").length)],
  ["avg(i)", (f) => (present(f, "i").length === 0 ? null : total(present(f, "i")) / present(f, "i").length)],
  ["sum(m)", (f) => (present(f, "m").length === 0 ? null : present(f, "m").reduce((a, b) => a + b))],
  [
    "sum(CAST(m AS DECIMAL(30, 2)))",
    (f) => (present(f, "m").length === 0 ? null : present(f, "m").reduce((a, b) => a + b)),
  ],
  ["min(i)", (f) => best(present(f, "i"), (a, b) => a < b)],
  ["max(d)", (f) => best(present(f, "d"), (a, b) => a > b)],
  ["max(s)", (f) => best(present(f, "s"), (a, b) => a > b)],
  ["bool_or(b)", (f) => (present(f, "b").length === 0 ? null : present(f, "b").includes(true))],
  ["bool_and(b)", (f) => (present(f, "b").length === 0 ? null : !present(f, "b").includes(false))],
  [
    "max_by(s, i)",
    (f) =>
      best(
        f.filter((r) => r.i !== null),
        (a, b) => a.i! > b.i!,
      )?.s ?? null,
  ],
  [
    "min_by(s, d)",
    (f) =>
      best(
        f.filter((r) => r.d !== null),
        (a, b) => a.d! < b.d!,
      )?.s ?? null,
  ],
  ["stddev(d)", (f) => deviation(present(f, "d"))],
  ["collect_list(i)", (f) => present(f, "i")],
  ["first_value(i)", (f) => f[0]?.i ?? null],
  ["last_value(i)", (f) => f.at(-1)?.i ?? null],
  ["first_value(i) IGNORE NULLS", (f) => present(f, "i")[0] ?? null],
  ["last_value(i) IGNORE NULLS", (f) => present(f, "i").at(-1) ?? null],
  [
    "sum(i) FILTER (WHERE b)",
    (f) => {
      const values = present(
        f.filter((r) => r.b === true),
        "i",
      );
      return values.length === 0 ? null : BigInt(total(values));
    },
  ],
  ["count(*) FILTER (WHERE i > 2)", (f) => BigInt(f.filter((r) => r.i !== null && r.i > 2).length)],
  [
    "collect_list(s) FILTER (WHERE b)",
    (f) =>
      present(
        f.filter((r) => r.b === true),
        "s",
      ),
  ],
  ["last_value(i) FILTER (WHERE b)", (f) => f.filter((r) => r.b === true).at(-1)?.i ?? null],
  [
    "max(i) FILTER (WHERE NOT b)",
    (f) =>
      best(
        present(
          f.filter((r) => r.b === false),
          "i",
        ),
        (a, b) => a > b,
      ),
  ],
];

/** Functions that need an order. */
export const ordered: readonly (readonly [sql: string, fn: OracleFunction])[] = [
  [
    "nth_value(i, 2)",
    (f) =>
      nth(
        f.map((r) => r.i),
        2,
      ),
  ],
  ["nth_value(i, 3) IGNORE NULLS", (f) => nth(present(f, "i"), 3)],
];

/** Functions with a frame of their own. */
export const placed: readonly (readonly [sql: string, fn: OracleFunction])[] = [
  ["row_number()", (_f, _p, at) => at + 1],
  ["rank()", (_f, _p, _at, { first }) => first + 1],
  ["dense_rank()", (_f, _p, _at, { group }) => group + 1],
  ["percent_rank()", (_f, p, _at, { first }) => (p.length < 2 ? 0 : first / (p.length - 1))],
  ["cume_dist()", (_f, p, _at, { end }) => end / p.length],
  [
    "ntile(3)",
    (_f, p, at) => {
      const sizes = [0, 1, 2].map((part) => Math.floor(p.length / 3) + (part < p.length % 3 ? 1 : 0));
      return at < sizes[0]! ? 1 : at < sizes[0]! + sizes[1]! ? 2 : 3;
    },
  ],
  ["lag(i)", (_f, p, at) => offset(p, at, -1) ?? null],
  [
    "lag(i, 2, -7)",
    (_f, p, at) => {
      const v = offset(p, at, -2);
      return v === undefined ? -7 : v;
    },
  ],
  [
    "lead(i, 3, id)",
    (_f, p, at) => {
      const v = offset(p, at, 3);
      return v === undefined ? p[at]!.id : v;
    },
  ],
  ["lead(i, -1)", (_f, p, at) => offset(p, at, -1) ?? null],
  ["lag(i, 0)", (_f, p, at) => p[at]!.i],
  ["lag(i, 2) IGNORE NULLS", (_f, p, at) => present(p.slice(0, at), "i").at(-2) ?? null],
  ["lead(i, 1, 99) IGNORE NULLS", (_f, p, at) => present(p.slice(at + 1), "i")[0] ?? 99],
  ["lead(s) IGNORE NULLS", (_f, p, at) => present(p.slice(at + 1), "s")[0] ?? null],
];
