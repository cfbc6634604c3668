/**
 * SQL data types as plain data. How a value of each type looks in user code is in docs/types.md; how it lies in memory is
 * in `columnar/vector.ts`; how the engine's own JavaScript code sees a single value is {@link SqlValue}.
 */
export interface SimpleType {
  readonly kind:
    | "null"
    | "boolean"
    | "tinyint"
    | "smallint"
    | "int"
    | "bigint"
    | "float"
    | "double"
    | "string"
    | "binary"
    | "date"
    | "timestamp"
    | "timestamp_ntz"
    | "variant";
}
/** A time of day without a date or zone, as nanoseconds since midnight; `precision` digits of its fraction: 0 to 9. */
export interface TimeType {
  readonly kind: "time";
  readonly precision: number;
}
export interface DecimalType {
  readonly kind: "decimal";
  readonly precision: number;
  readonly scale: number;
}
/** Months. Fields: 0 YEAR, 1 MONTH. */
export interface YearMonthIntervalType {
  readonly kind: "interval_year_month";
  readonly startField: 0 | 1;
  readonly endField: 0 | 1;
}
/** Microseconds. Fields: 0 DAY, 1 HOUR, 2 MINUTE, 3 SECOND. */
export interface DayTimeIntervalType {
  readonly kind: "interval_day_time";
  readonly startField: 0 | 1 | 2 | 3;
  readonly endField: 0 | 1 | 2 | 3;
}
export interface ArrayType {
  readonly kind: "array";
  readonly element: DataType;
  readonly containsNull: boolean;
}
export interface MapType {
  readonly kind: "map";
  readonly key: DataType;
  readonly value: DataType;
  readonly valueContainsNull: boolean;
}
export interface StructType {
  readonly kind: "struct";
  readonly fields: readonly Field[];
}
export interface Field {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  /** Free metadata, kept in Spark's schema JSON (`spark.watermarkDelayMs` marks an event-time column). */
  readonly metadata?: Readonly<Record<string, unknown>>;
}
export type DataType =
  | SimpleType
  | DecimalType
  | TimeType
  | YearMonthIntervalType
  | DayTimeIntervalType
  | ArrayType
  | MapType
  | StructType;
export type TypeKind = DataType["kind"];

/**
 * One value as the engine's JavaScript code (the interpreter, functions in JavaScript form, user-closure edges) sees it:
 * boolean → boolean · tinyint smallint int date(days) interval_year_month(months) float double → number ·
 * bigint timestamp timestamp_ntz (µs since the epoch) time (ns of the day) interval_day_time(µs) → bigint · decimal → bigint (unscaled) ·
 * string → string · binary → Uint8Array · variant → [value, metadata], both Uint8Array · array → SqlValue[] · map → {@link SqlMap} · struct → SqlValue[] by ordinal ·
 * NULL → null.
 */
export type SqlValue = null | boolean | number | bigint | string | Uint8Array | readonly SqlValue[] | SqlMap;

/** A map value: entry i is (keys[i], values[i]), in insertion order, keys distinct. */
export interface SqlMap {
  readonly keys: readonly SqlValue[];
  readonly values: readonly SqlValue[];
}

const simple = <K extends SimpleType["kind"]>(kind: K): SimpleType & { readonly kind: K } =>
  Object.freeze({ kind }) as SimpleType & { readonly kind: K };

export const nullType: SimpleType = simple("null");
export const booleanType: SimpleType = simple("boolean");
export const tinyintType: SimpleType = simple("tinyint");
export const smallintType: SimpleType = simple("smallint");
export const intType: SimpleType = simple("int");
export const bigintType: SimpleType = simple("bigint");
export const floatType: SimpleType = simple("float");
export const doubleType: SimpleType = simple("double");
export const stringType: SimpleType = simple("string");
export const binaryType: SimpleType = simple("binary");
export const dateType: SimpleType = simple("date");
export const timestampType: SimpleType = simple("timestamp");
export const timestampNtzType: SimpleType = simple("timestamp_ntz");
export const variantType: SimpleType = simple("variant");
export const dayTimeIntervalType: DayTimeIntervalType = Object.freeze({
  kind: "interval_day_time",
  startField: 0,
  endField: 3,
});
export const yearMonthIntervalType: YearMonthIntervalType = Object.freeze({
  kind: "interval_year_month",
  startField: 0,
  endField: 1,
});
export function decimalType(precision = 10, scale = 0): DecimalType {
  return { kind: "decimal", precision, scale };
}
/** TIME of microseconds unless another precision is given. */
export function timeType(precision = 6): TimeType {
  return { kind: "time", precision };
}
export function arrayType(element: DataType, containsNull = true): ArrayType {
  return { kind: "array", element, containsNull };
}
export function mapType(key: DataType, value: DataType, valueContainsNull = true): MapType {
  return { kind: "map", key, value, valueContainsNull };
}
export function structType(fields: readonly Field[]): StructType {
  return { kind: "struct", fields };
}
export function field(name: string, type: DataType, nullable = true): Field {
  return { name, type, nullable };
}

/** Equal types; names and nullability inside count, metadata does not. */
export function sameType(a: DataType, b: DataType): boolean {
  return equalTypes(a, b, true);
}
/** Equal but for nullability inside nested types. */
export function sameTypeIgnoringNullability(a: DataType, b: DataType): boolean {
  return equalTypes(a, b, false);
}
function equalTypes(a: DataType, b: DataType, nullability: boolean): boolean {
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "decimal":
      return b.kind === "decimal" && a.precision === b.precision && a.scale === b.scale;
    case "time":
      return b.kind === "time" && a.precision === b.precision;
    case "interval_year_month":
    case "interval_day_time":
      return b.kind === a.kind && a.startField === b.startField && a.endField === b.endField;
    case "array":
      return (
        b.kind === "array" &&
        (!nullability || a.containsNull === b.containsNull) &&
        equalTypes(a.element, b.element, nullability)
      );
    case "map":
      return (
        b.kind === "map" &&
        (!nullability || a.valueContainsNull === b.valueContainsNull) &&
        equalTypes(a.key, b.key, nullability) &&
        equalTypes(a.value, b.value, nullability)
      );
    case "struct":
      return (
        b.kind === "struct" &&
        a.fields.length === b.fields.length &&
        a.fields.every((f, i) => {
          const g = b.fields[i]!;
          return (
            f.name === g.name && (!nullability || f.nullable === g.nullable) && equalTypes(f.type, g.type, nullability)
          );
        })
      );
    default:
      return true;
  }
}

export function isIntegral(type: DataType): boolean {
  return type.kind === "tinyint" || type.kind === "smallint" || type.kind === "int" || type.kind === "bigint";
}
export function isNumeric(type: DataType): boolean {
  return isIntegral(type) || type.kind === "float" || type.kind === "double" || type.kind === "decimal";
}
