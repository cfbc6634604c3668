/**
 * The SQL order of single values: NaN is greater than every number and equal to itself, −0 equals 0, strings and binary
 * compare by unsigned bytes, arrays and structs element by element (a shorter array first), NULL inside them first,
 * maps (which SQL does not order) as their entries sorted by key, so that equality is independent of insertion order.
 */
import { unreachable } from "../errors/index.ts";
import { binaryType, type DataType, type SqlMap, type SqlValue } from "../types/data-type.ts";
import { compareByteRanges, compareStrings } from "./utf8.ts";

export type Comparator = (a: SqlValue, b: SqlValue) => number;

/** Order of two doubles or floats. */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  // At least one is NaN.
  return (a !== a ? 1 : 0) - (b !== b ? 1 : 0);
}

/** A comparator for values of the type. NULL comes first with `nullsFirst` (the default), else last. */
export function comparatorOf(type: DataType, nullsFirst = true): Comparator {
  const compare = presentComparator(type);
  const nullSide = nullsFirst ? -1 : 1;
  return (a, b) => {
    if (a === null) return b === null ? 0 : nullSide;
    return b === null ? -nullSide : compare(a, b);
  };
}

function presentComparator(type: DataType): Comparator {
  switch (type.kind) {
    case "null":
      return () => 0;
    case "boolean":
      return (a, b) => (a === b ? 0 : a === true ? 1 : -1);
    case "tinyint":
    case "smallint":
    case "int":
    case "date":
    case "interval_year_month":
      return (a, b) => (a as number) - (b as number);
    case "float":
    case "double":
      return (a, b) => compareDoubles(a as number, b as number);
    case "bigint":
    case "timestamp":
    case "timestamp_ntz":
    case "time":
    case "interval_day_time":
    case "decimal":
      return (a, b) => ((a as bigint) < (b as bigint) ? -1 : (a as bigint) > (b as bigint) ? 1 : 0);
    case "string":
      return (a, b) => compareStrings(a as string, b as string);
    case "binary":
      return (a, b) => {
        const x = a as Uint8Array;
        const y = b as Uint8Array;
        return compareByteRanges(x, 0, x.length, y, 0, y.length);
      };
    case "variant": {
      // SQL neither orders nor compares variants; their bytes tell equal encodings.
      const bytes = presentComparator(binaryType);
      return (a, b) => {
        const [x, y] = [a as readonly SqlValue[], b as readonly SqlValue[]];
        return bytes(x[0]!, y[0]!) || bytes(x[1]!, y[1]!);
      };
    }
    case "array": {
      const element = comparatorOf(type.element);
      return (a, b) => compareLists(a as readonly SqlValue[], b as readonly SqlValue[], element);
    }
    case "struct": {
      const fields = type.fields.map((f) => comparatorOf(f.type));
      return (a, b) => {
        const x = a as readonly SqlValue[];
        const y = b as readonly SqlValue[];
        for (let i = 0; i < fields.length; i++) {
          const order = fields[i]!(x[i]!, y[i]!);
          if (order !== 0) return order;
        }
        return 0;
      };
    }
    case "map": {
      const key = comparatorOf(type.key);
      const value = comparatorOf(type.value);
      return (a, b) => {
        const x = sortedEntries(a as SqlMap, key);
        const y = sortedEntries(b as SqlMap, key);
        return compareLists(x.keys, y.keys, key) || compareLists(x.values, y.values, value);
      };
    }
    default:
      return unreachable(type);
  }
}

function compareLists(a: readonly SqlValue[], b: readonly SqlValue[], element: Comparator): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = element(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function sortedEntries(map: SqlMap, key: Comparator): SqlMap {
  const order = map.keys.map((_, i) => i).sort((i, j) => key(map.keys[i]!, map.keys[j]!));
  return { keys: order.map((i) => map.keys[i]!), values: order.map((i) => map.values[i]!) };
}

/** Compares two values of the type, NULL first. For many values take a {@link comparatorOf}. */
export function compareValues(type: DataType, a: SqlValue, b: SqlValue): number {
  return comparatorOf(type)(a, b);
}

/** Whether two values are the same in GROUP BY, DISTINCT and `<=>`: NULL equals NULL, NaN equals NaN, −0 equals 0. */
export function equalValues(type: DataType, a: SqlValue, b: SqlValue): boolean {
  return comparatorOf(type)(a, b) === 0;
}
