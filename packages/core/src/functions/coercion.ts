/**
 * Implicit type conversion under ANSI mode, as Spark's `AnsiTypeCoercion`: which type two sides of an operator, the branches
 * of CASE, the inputs of a union or join have in common, and which argument types a function accepts.
 */
import {
  arrayType,
  bigintType,
  type DataType,
  doubleType,
  isIntegral,
  isNumeric,
  mapType,
  nullType,
  sameTypeIgnoringNullability,
  stringType,
  structType,
  timestampType,
} from "../types/data-type.ts";
import { decimalFor, widerDecimal } from "./decimal.ts";

const numericPrecedence = ["tinyint", "smallint", "int", "bigint", "float", "double"];

/** Types of one undivided value: everything but array, map, struct and null. */
export function isAtomic(type: DataType): boolean {
  return (
    type.kind !== "array" &&
    type.kind !== "map" &&
    type.kind !== "struct" &&
    type.kind !== "variant" &&
    type.kind !== "null"
  );
}
export function isInterval(type: DataType): boolean {
  return type.kind === "interval_day_time" || type.kind === "interval_year_month";
}
export function isDatetime(type: DataType): boolean {
  return type.kind === "date" || type.kind === "timestamp" || type.kind === "timestamp_ntz";
}
/** Whether values of the type have an order: all but maps and variants, also inside. */
export function isOrderable(type: DataType): boolean {
  switch (type.kind) {
    case "map":
    case "variant":
      return false;
    case "array":
      return isOrderable(type.element);
    case "struct":
      return type.fields.every((f) => isOrderable(f.type));
    default:
      return true;
  }
}

/** The type both convert to without loss and without reading strings, or undefined. */
export function findTightestCommonType(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === "time" && b.kind === "time") return a.precision < b.precision ? b : a;
  if (a.kind === b.kind && (isAtomic(a) || a.kind === "variant") && a.kind !== "decimal" && !isInterval(a)) return a;
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (a.kind === "interval_day_time" && b.kind === "interval_day_time")
    return {
      kind: a.kind,
      startField: a.startField < b.startField ? a.startField : b.startField,
      endField: a.endField > b.endField ? a.endField : b.endField,
    };
  if (a.kind === "interval_year_month" && b.kind === "interval_year_month")
    return {
      kind: a.kind,
      startField: a.startField < b.startField ? a.startField : b.startField,
      endField: a.endField > b.endField ? a.endField : b.endField,
    };
  if (a.kind === "decimal" || b.kind === "decimal") return undefined;
  if (isNumeric(a) && isNumeric(b)) {
    const at = Math.max(numericPrecedence.indexOf(a.kind), numericPrecedence.indexOf(b.kind));
    const wider = numericPrecedence.indexOf(a.kind) === at ? a : b;
    // An integer and a FLOAT meet in DOUBLE, because FLOAT would lose digits.
    return wider.kind === "float" ? doubleType : wider;
  }
  if (isDatetime(a) && isDatetime(b)) {
    if (a.kind === "timestamp" || b.kind === "timestamp") return timestampType;
    return a.kind === "timestamp_ntz" ? a : b;
  }
  return undefined;
}

/** The type in which two values meet: operators, CASE, COALESCE, UNION, join keys. Undefined when there is none. */
export function findCommonType(a: DataType, b: DataType): DataType | undefined {
  return findTightestCommonType(a, b) ?? commonDecimal(a, b) ?? commonWithString(a, b) ?? commonNested(a, b);
}

/** {@link findCommonType} over a list; the null type for none. */
export function commonTypeOf(types: readonly DataType[]): DataType | undefined {
  let common: DataType | undefined = nullType;
  for (const type of types) {
    common = findCommonType(common, type);
    if (common === undefined) return undefined;
  }
  return common;
}

function commonDecimal(a: DataType, b: DataType): DataType | undefined {
  if (a.kind !== "decimal" && b.kind !== "decimal") return undefined;
  if (!isNumeric(a) || !isNumeric(b)) return undefined;
  if (a.kind === "float" || a.kind === "double" || b.kind === "float" || b.kind === "double") return doubleType;
  return widerDecimal(decimalFor(a)!, decimalFor(b)!);
}

function commonWithString(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === "string") return typeForString(b);
  if (b.kind === "string") return typeForString(a);
  return undefined;
}
/** What a string is read as beside another type. */
function typeForString(other: DataType): DataType | undefined {
  if (isIntegral(other)) return bigintType;
  if (isNumeric(other)) return doubleType;
  if (isInterval(other) || !isAtomic(other)) return undefined;
  return other;
}

function commonNested(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === "array" && b.kind === "array") {
    const element = findCommonType(a.element, b.element);
    return element && arrayType(element, a.containsNull || b.containsNull);
  }
  if (a.kind === "map" && b.kind === "map") {
    const key = findCommonType(a.key, b.key);
    const value = findCommonType(a.value, b.value);
    return key && value && mapType(key, value, a.valueContainsNull || b.valueContainsNull);
  }
  if (a.kind === "struct" && b.kind === "struct" && a.fields.length === b.fields.length) {
    const fields = a.fields.map((f, i) => {
      const g = b.fields[i]!;
      const type = f.name.toLowerCase() === g.name.toLowerCase() ? findCommonType(f.type, g.type) : undefined;
      return type && { name: f.name, type, nullable: f.nullable || g.nullable };
    });
    return fields.every((f) => f !== undefined) ? structType(fields) : undefined;
  }
  return undefined;
}

/**
 * Whether an argument of type `from` is silently cast to `to`: equal types, NULL, strings to any atomic type, and
 * SQL's store assignment (numbers among each other, dates and timestamps, any atomic type to STRING).
 */
export function canCoerce(from: DataType, to: DataType): boolean {
  if (sameTypeIgnoringNullability(from, to) || from.kind === "null") return true;
  if (from.kind === "string") return isAtomic(to) && to.kind !== "binary" ? !isInterval(to) : to.kind === "binary";
  if (to.kind === "string") return (isAtomic(from) && from.kind !== "binary") || from.kind === "variant";
  if (isNumeric(from) && isNumeric(to)) return true;
  if (isDatetime(from) && isDatetime(to)) return true;
  if (from.kind === "time" && to.kind === "time") return true;
  if (isInterval(from) && from.kind === to.kind) return true;
  if (from.kind === "array" && to.kind === "array") return canCoerce(from.element, to.element);
  if (from.kind === "map" && to.kind === "map") return canCoerce(from.key, to.key) && canCoerce(from.value, to.value);
  if (from.kind === "struct" && to.kind === "struct")
    return (
      from.fields.length === to.fields.length && from.fields.every((f, i) => canCoerce(f.type, to.fields[i]!.type))
    );
  return false;
}

/** The type a NULL literal takes where only a class of types is asked for. */
export const defaultForNull: DataType = stringType;
