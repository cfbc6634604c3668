import { type DataType, type SqlValue, type StructType, toSqlValue } from "millrace/engine";
import { textOfRow, textOfValue } from "./row-text.ts";
import { withTimesOfDay } from "./times-of-day.ts";

/** A row that a script expects: by column name, with the columns that matter, or an array of all values. */
export type ExpectedRow = Readonly<Record<string, unknown>> | readonly unknown[];

/** Where a column's value is: its type and the positions that lead to it. */
interface Place {
  readonly type: DataType;
  readonly positions: readonly number[];
}

/**
 * Compares rows in any order, on the columns that the expected rows name. Null when they are the same, else a report.
 * A name is a column, a path into a struct such as `window.start`, or, if there is no such column, the one field of a struct
 * column that is called so.
 */
export function differenceOf(
  schema: StructType,
  actual: readonly (readonly SqlValue[])[],
  expected: readonly ExpectedRow[],
): string | null {
  const left = actual.map((row) => ({ row, matched: false }));
  const missing = expected.filter((row) => {
    const wanted = wantedValues(schema, row);
    const found = left.find(
      (candidate) =>
        !candidate.matched &&
        wanted.every(({ place, text }) => textOfValue(place.type, valueAt(candidate.row, place)) === text),
    );
    if (found !== undefined) found.matched = true;
    return found === undefined;
  });
  const unexpected = left.filter(({ matched }) => !matched);
  if (missing.length === 0 && unexpected.length === 0) return null;
  const lines = (rows: readonly string[]): string =>
    rows.length === 0 ? "  (no rows)" : rows.map((r) => `  ${r}`).join("\n");
  const shown = (row: ExpectedRow): string => expectedText(schema, row);
  return [
    "== Expected ==",
    lines(expected.map((row) => `${missing.includes(row) ? "- " : "  "}${shown(row)}`)),
    "== Actual ==",
    lines(left.map(({ row, matched }) => `${matched ? "  " : "+ "}${textOfRow(schema, row)}`)),
  ].join("\n");
}

interface Wanted {
  readonly name: string;
  readonly place: Place;
  readonly text: string;
}

function wantedValues(schema: StructType, row: ExpectedRow): Wanted[] {
  const named = isArray(row) ? schema.fields.map((f, i) => [f.name, row[i]] as const) : Object.entries(row);
  if (isArray(row) && row.length !== schema.fields.length) {
    throw new TypeError(
      `An expected row has ${row.length} values, but the result has ${schema.fields.length} columns.`,
    );
  }
  return named.map(([name, value]) => {
    const place = placeOf(schema, name);
    const wanted = toSqlValue(place.type, withTimesOfDay(place.type, value), name);
    return { name, place, text: textOfValue(place.type, wanted) };
  });
}

function expectedText(schema: StructType, row: ExpectedRow): string {
  return `{ ${wantedValues(schema, row)
    .map(({ name, text }) => `${name}: ${text}`)
    .join(", ")} }`;
}

function isArray(row: ExpectedRow): row is readonly unknown[] {
  return Array.isArray(row);
}

function valueAt(row: readonly SqlValue[], place: Place): SqlValue {
  return place.positions.reduce<SqlValue>(
    (value, position) => (value === null ? null : (value as readonly SqlValue[])[position]!),
    row,
  );
}

function placeOf(schema: StructType, name: string): Place {
  const direct = fieldAt(schema, name);
  if (direct !== undefined) return direct;
  const [head, ...rest] = name.split(".");
  const outer = fieldAt(schema, head!);
  if (outer?.type.kind === "struct" && rest.length > 0) {
    const inner = placeOf(outer.type, rest.join("."));
    return { type: inner.type, positions: [...outer.positions, ...inner.positions] };
  }
  const nested = schema.fields.flatMap((f, i) => {
    const inner = f.type.kind === "struct" ? fieldAt(f.type, name) : undefined;
    return inner === undefined ? [] : [{ type: inner.type, positions: [i, ...inner.positions] }];
  });
  if (nested.length === 1) return nested[0]!;
  const names = schema.fields.map((f) => f.name).join(", ");
  throw new TypeError(`The result has no column '${name}'; its columns are ${names}.`);
}

function fieldAt(schema: StructType, name: string): Place | undefined {
  const position = schema.fields.findIndex((f) => f.name === name);
  return position < 0 ? undefined : { type: schema.fields[position]!.type, positions: [position] };
}
