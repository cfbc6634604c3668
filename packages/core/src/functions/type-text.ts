import type { DataType } from "../types/data-type.ts";

const intervalFields = ["DAY", "HOUR", "MINUTE", "SECOND"] as const;
const monthFields = ["YEAR", "MONTH"] as const;

/** A type as Spark's messages and `typeof` (in lower case) print it: `BIGINT`, `ARRAY<STRING>`, `STRUCT<a: INT>`. */
export function typeText(type: DataType): string {
  switch (type.kind) {
    case "null":
      return "VOID";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "interval_day_time":
      return intervalText(intervalFields[type.startField], intervalFields[type.endField]);
    case "interval_year_month":
      return intervalText(monthFields[type.startField], monthFields[type.endField]);
    case "array":
      return `ARRAY<${typeText(type.element)}>`;
    case "map":
      return `MAP<${typeText(type.key)}, ${typeText(type.value)}>`;
    case "struct":
      return `STRUCT<${type.fields.map((f) => `${nameText(f.name)}: ${typeText(f.type)}${f.nullable ? "" : " NOT NULL"}`).join(", ")}>`;
    default:
      return type.kind.toUpperCase();
  }
}

/** A type in quotes, as it stands in error messages. */
export function quotedType(type: DataType): string {
  return `"${typeText(type)}"`;
}

/** The catalog form that `typeof` returns: `bigint`, `array<string>`, `struct<a:int>`. */
export function catalogText(type: DataType): string {
  switch (type.kind) {
    case "array":
      return `array<${catalogText(type.element)}>`;
    case "map":
      return `map<${catalogText(type.key)},${catalogText(type.value)}>`;
    case "struct":
      return `struct<${type.fields.map((f) => `${f.name}:${catalogText(f.type)}`).join(",")}>`;
    default:
      return typeText(type).toLowerCase();
  }
}

function nameText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

function intervalText(start: string, end: string): string {
  return start === end ? `INTERVAL ${start}` : `INTERVAL ${start} TO ${end}`;
}
