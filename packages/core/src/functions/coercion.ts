/**
 * Implicit type conversion, as Spark's `AnsiTypeCoercion`, and outside of ANSI mode as its `TypeCoercion`: which type two sides
 * of an operator, the branches of CASE, the inputs of a union or join have in common, and which argument types a function
 * accepts.
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
export function findTightestCommonType(a: DataType, b: DataType, ansi: boolean = true): DataType | undefined {
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
    // In ANSI mode an integer and a FLOAT meet in DOUBLE, because FLOAT would lose digits.
    return wider.kind === "float" && ansi ? doubleType : wider;
  }
  if (isDatetime(a) && isDatetime(b)) {
    if (a.kind === "timestamp" || b.kind === "timestamp") return timestampType;
    return a.kind === "timestamp_ntz" ? a : b;
  }
  return undefined;
}

/** The type in which two values meet: operators, CASE, COALESCE, UNION, join keys. Undefined when there is none. */
export function findCommonType(a: DataType, b: DataType, ansi: boolean = true): DataType | undefined {
  return (
    findTightestCommonType(a, b, ansi) ??
    commonDecimal(a, b) ??
    commonWithString(a, b, ansi) ??
    commonNested(a, b, (x, y) => findCommonType(x, y, ansi))
  );
}

/** Whether two types have the same values, whatever the fields of their structs are called. */
export function sameStructure(a: DataType, b: DataType): boolean {
  if (a.kind === "struct" && b.kind === "struct")
    return a.fields.length === b.fields.length && a.fields.every((f, i) => sameStructure(f.type, b.fields[i]!.type));
  if (a.kind === "array" && b.kind === "array") return sameStructure(a.element, b.element);
  if (a.kind === "map" && b.kind === "map") return sameStructure(a.key, b.key) && sameStructure(a.value, b.value);
  return sameTypeIgnoringNullability(a, b);
}

/** The type in which two sides of an operator meet, whose texts have been read already: texts inside of them are not. */
export function findOperandType(a: DataType, b: DataType, ansi: boolean): DataType | undefined {
  return (
    findTightestCommonType(a, b, ansi) ??
    commonDecimal(a, b) ??
    commonNested(a, b, (x, y) => findOperandType(x, y, ansi))
  );
}

/**
 * The types of two operands once texts are read as what the other side is. Outside of ANSI mode texts beside `+`, `-`, `*` and `/`
 * are DOUBLE, those that are compared what the other side is (DOUBLE beside DECIMAL), and all others stay.
 */
export function readTexts(
  a: DataType,
  b: DataType,
  use: "arithmetic" | "comparison" | "other",
  ansi: boolean,
): readonly [DataType, DataType] {
  if (a.kind !== "string" && b.kind !== "string") return [a, b];
  if (ansi) {
    if (a.kind === "string" && b.kind === "string") return [a, b];
    const common = a.kind === "null" || b.kind === "null" ? stringType : commonWithString(a, b, true);
    return common === undefined ? [a, b] : [common, common];
  }
  if (use === "other") return [a, b];
  if (use === "arithmetic") {
    if (isInterval(a) || isInterval(b)) return [a, b];
    const read = (type: DataType): DataType => (type.kind === "string" ? doubleType : type);
    return [read(a), read(b)];
  }
  const other = a.kind === "string" ? b : a;
  if (other.kind === "string" || other.kind === "null") return [stringType, stringType];
  if (isInterval(other) || !isAtomic(other)) return [a, b];
  const common = other.kind === "decimal" ? doubleType : other;
  return [common, common];
}

function hasText(type: DataType): boolean {
  return type.kind === "string" || (type.kind === "array" && hasText(type.element));
}

/** {@link findCommonType} over a list; the null type for none. */
export function commonTypeOf(types: readonly DataType[], ansi: boolean = true): DataType | undefined {
  let common: DataType | undefined = nullType;
  // Outside of ANSI mode texts come first, so that the order of the others does not matter.
  const ordered = ansi ? types : [...types.filter(hasText), ...types.filter((type) => !hasText(type))];
  for (const type of ordered) {
    common = findCommonType(common, type, ansi);
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

function commonWithString(a: DataType, b: DataType, ansi: boolean): DataType | undefined {
  const other = a.kind === "string" ? b : b.kind === "string" ? a : undefined;
  if (other === undefined) return undefined;
  if (ansi) return typeForString(other);
  return isAtomic(other) && other.kind !== "binary" && other.kind !== "boolean" ? stringType : undefined;
}
/** What a string is read as beside another type. */
function typeForString(other: DataType): DataType | undefined {
  if (isIntegral(other)) return bigintType;
  if (isNumeric(other)) return doubleType;
  if (isInterval(other) || !isAtomic(other)) return undefined;
  return other;
}

function commonNested(
  a: DataType,
  b: DataType,
  common: (a: DataType, b: DataType) => DataType | undefined,
): DataType | undefined {
  if (a.kind === "array" && b.kind === "array") {
    const element = common(a.element, b.element);
    return element && arrayType(element, a.containsNull || b.containsNull);
  }
  if (a.kind === "map" && b.kind === "map") {
    const texts = [a.key, b.key].filter((type) => type.kind === "string").length;
    const met = common(a.key, b.key);
    // Keys that are read from texts could become NULL.
    const key = texts === 1 && met?.kind !== "string" ? undefined : met;
    const value = common(a.value, b.value);
    return key && value && mapType(key, value, a.valueContainsNull || b.valueContainsNull);
  }
  if (a.kind === "struct" && b.kind === "struct" && a.fields.length === b.fields.length) {
    const fields = a.fields.map((f, i) => {
      const g = b.fields[i]!;
      const type = f.name.toLowerCase() === g.name.toLowerCase() ? common(f.type, g.type) : undefined;
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
export function canCoerce(from: DataType, to: DataType, ansi: boolean = true): boolean {
  if (sameTypeIgnoringNullability(from, to) || from.kind === "null") return true;
  if (from.kind === "string" && to.kind === "boolean") return ansi;
  if (from.kind === "string") return isAtomic(to) && to.kind !== "binary" ? !isInterval(to) : to.kind === "binary";
  if (to.kind === "string") return isAtomic(from) || from.kind === "variant";
  if (isNumeric(from) && isNumeric(to)) return true;
  if (isDatetime(from) && isDatetime(to)) return true;
  if (from.kind === "time" && to.kind === "time") return true;
  if (isInterval(from) && from.kind === to.kind) return true;
  if (from.kind === "array" && to.kind === "array") return canCoerce(from.element, to.element, ansi);
  if (from.kind === "map" && to.kind === "map")
    return canCoerce(from.key, to.key, ansi) && canCoerce(from.value, to.value, ansi);
  if (from.kind === "struct" && to.kind === "struct")
    return (
      from.fields.length === to.fields.length &&
      from.fields.every((f, i) => canCoerce(f.type, to.fields[i]!.type, ansi))
    );
  return false;
}

/** The type a NULL literal takes where only a class of types is asked for. */
export const defaultForNull: DataType = stringType;
