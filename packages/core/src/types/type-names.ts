/** The three ways in which Spark writes a type: `BIGINT` in messages and DDL, `bigint` in dtypes, `long` in JSON and trees. */
import { unreachable } from "../errors/index.ts";
import type {
  DataType,
  DayTimeIntervalType,
  DecimalType,
  SimpleType,
  TimeType,
  YearMonthIntervalType,
} from "./data-type.ts";
import { quoteIfNeeded } from "./identifier.ts";

/** Types without children. */
export type AtomicType = SimpleType | DecimalType | TimeType | YearMonthIntervalType | DayTimeIntervalType;

export const yearMonthFields: readonly string[] = ["year", "month"];
export const dayTimeFields: readonly string[] = ["day", "hour", "minute", "second"];

/** `interval day to second`, `interval month`. */
export function intervalName(type: YearMonthIntervalType | DayTimeIntervalType): string {
  const fields = type.kind === "interval_year_month" ? yearMonthFields : dayTimeFields;
  const start = fields[type.startField]!;
  return type.startField === type.endField ? `interval ${start}` : `interval ${start} to ${fields[type.endField]!}`;
}

/** The interval type of `interval day to second` and the like (lower case); undefined for another name. */
export function intervalTypeOf(name: string): YearMonthIntervalType | DayTimeIntervalType | undefined {
  return intervalTypes.get(name);
}

const intervalTypes = new Map<string, YearMonthIntervalType | DayTimeIntervalType>();
for (const startField of [0, 1] as const) {
  for (const endField of [0, 1] as const) {
    if (startField > endField) continue;
    const type: YearMonthIntervalType = Object.freeze({ kind: "interval_year_month", startField, endField });
    intervalTypes.set(intervalName(type), type);
  }
}
for (const startField of [0, 1, 2, 3] as const) {
  for (const endField of [0, 1, 2, 3] as const) {
    if (startField > endField) continue;
    const type: DayTimeIntervalType = Object.freeze({ kind: "interval_day_time", startField, endField });
    intervalTypes.set(intervalName(type), type);
  }
}

const jsonNames: { readonly [K in SimpleType["kind"]]: string } = {
  null: "void",
  boolean: "boolean",
  tinyint: "byte",
  smallint: "short",
  int: "integer",
  bigint: "long",
  float: "float",
  double: "double",
  string: "string",
  binary: "binary",
  date: "date",
  timestamp: "timestamp",
  timestamp_ntz: "timestamp_ntz",
  variant: "variant",
};

/** Spark's `typeName`, as in schema JSON and `printSchema`: `long`, `decimal(10,2)`, `array`. */
export function typeName(type: DataType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "time":
      return `time(${type.precision})`;
    case "interval_year_month":
    case "interval_day_time":
      return intervalName(type);
    case "array":
    case "map":
    case "struct":
      return type.kind;
    default:
      return jsonNames[type.kind];
  }
}

/** The lower-case name of a type without children: `bigint`, `void`, `decimal(10,2)`, `interval day to second`. */
export function atomicName(type: AtomicType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "time":
      return `time(${type.precision})`;
    case "interval_year_month":
    case "interval_day_time":
      return intervalName(type);
    case "null":
      return "void";
    default:
      return type.kind;
  }
}

/** Upper case, as in messages and DDL: `MAP<STRING, ARRAY<INT>>`, `STRUCT<a: INT NOT NULL>`. */
export function sqlName(type: DataType): string {
  switch (type.kind) {
    case "array":
      return `ARRAY<${sqlName(type.element)}>`;
    case "map":
      return `MAP<${sqlName(type.key)}, ${sqlName(type.value)}>`;
    case "struct":
      return `STRUCT<${type.fields
        .map(
          (f) =>
            `${quoteIfNeeded(f.name)}: ${sqlName(f.type)}${f.nullable ? "" : " NOT NULL"}${commentClause(f.metadata)}`,
        )
        .join(", ")}>`;
    default:
      return atomicName(type).toUpperCase();
  }
}

/** ` COMMENT '…'` when the metadata has a comment, else nothing. */
export function commentClause(metadata: Readonly<Record<string, unknown>> | undefined): string {
  const comment = metadata?.["comment"];
  if (typeof comment !== "string") return "";
  return ` COMMENT '${comment.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Lower case without truncation: `struct<a:int,b:map<string,bigint>>`. */
export function catalogString(type: DataType): string {
  return lowerCaseName(type, Number.POSITIVE_INFINITY);
}

/** As Spark shows types to people (`df.dtypes`, `describe`): like {@link catalogString}, structs cut after 25 fields. */
export function simpleString(type: DataType): string {
  return lowerCaseName(type, 25);
}

function lowerCaseName(type: DataType, maximumFields: number): string {
  switch (type.kind) {
    case "array":
      return `array<${lowerCaseName(type.element, maximumFields)}>`;
    case "map":
      return `map<${lowerCaseName(type.key, maximumFields)},${lowerCaseName(type.value, maximumFields)}>`;
    case "struct": {
      const shown = type.fields.slice(0, maximumFields).map((f) => `${f.name}:${lowerCaseName(f.type, maximumFields)}`);
      const rest = type.fields.length - shown.length;
      if (rest > 0) shown.push(`... ${rest} more fields`);
      return `struct<${shown.join(",")}>`;
    }
    case "null":
    case "boolean":
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
    case "float":
    case "double":
    case "string":
    case "binary":
    case "date":
    case "timestamp":
    case "timestamp_ntz":
    case "variant":
    case "time":
    case "decimal":
    case "interval_year_month":
    case "interval_day_time":
      return atomicName(type);
    default:
      return unreachable(type);
  }
}
