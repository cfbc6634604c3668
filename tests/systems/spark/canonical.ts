/** Values of both engines in one form that JSON can hold, so that they can be compared. */
import { Temporal } from "temporal-polyfill";
import type { DataType, VariantValue } from "millrace";

export type Canonical = null | boolean | string | { readonly double: string } | readonly Canonical[];

/** A value of a session with `bigint: true` and `timestamps: "temporal"`, as driver.py writes Spark's. */
export function canonical(type: DataType, value: unknown): Canonical {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return value as boolean;
    case "string":
    case "decimal":
      return value as string;
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
      return String(value);
    case "float":
    case "double":
      return { double: doubleText(value as number) };
    case "binary":
      return Buffer.from(value as Uint8Array).toString("hex");
    case "date":
      return (value as Temporal.PlainDate).toString();
    case "timestamp":
      return String((value as Temporal.Instant).epochNanoseconds / 1000n);
    case "timestamp_ntz":
      return String((value as Temporal.PlainDateTime).toZonedDateTime("UTC").epochNanoseconds / 1000n);
    case "time": {
      const { hour, minute, second, millisecond, microsecond } = value as Temporal.PlainTime;
      // Python's times have microseconds.
      return String(((hour * 60 + minute) * 60 + second) * 1_000_000 + millisecond * 1000 + microsecond);
    }
    case "variant":
      return canonicalVariant(value as VariantValue);
    case "interval_day_time":
      return String((value as Temporal.Duration).total("microseconds"));
    case "interval_year_month":
      return (value as Temporal.Duration).toString();
    case "array":
      return (value as readonly unknown[]).map((each) => canonical(type.element, each));
    case "struct":
      return type.fields.map((field) =>
        canonical(field.type, (value as Readonly<Record<string, unknown>>)[field.name]),
      );
    case "map":
      return sorted(
        [...(value as ReadonlyMap<unknown, unknown>)].map(([k, v]) => [
          canonical(type.key, k),
          canonical(type.value, v),
        ]),
      );
  }
}

/** Plain values do not tell 1 from 1.0, so that all numbers are doubles; decimals are told by their text. */
function canonicalVariant(value: VariantValue): Canonical {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return value.replace(/^(-?\d+\.\d*?)0+$/, "$1").replace(/^(-?\d+)\.$/, "$1");
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return { double: doubleText(value + 0) };
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (isList(value)) return value.map(canonicalVariant);
  return sorted(Object.entries(value).map(([key, item]) => [key, canonicalVariant(item)]));
}
function isList(value: VariantValue & object): value is readonly VariantValue[] {
  return Array.isArray(value);
}

/** Spark's answers with doubles written as JavaScript writes them, maps in the same order as ours. */
export function normalized(value: Canonical): Canonical {
  if (value === null || typeof value !== "object") return value;
  if ("double" in value) return { double: doubleText(parsed(value.double)) };
  return value.map(normalized);
}

function parsed(python: string): number {
  if (python === "nan") return NaN;
  if (python === "inf") return Infinity;
  return python === "-inf" ? -Infinity : Number(python);
}
function doubleText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
function sorted(pairs: Canonical[][]): Canonical[] {
  return pairs.sort((a, b) => (pythonJson(a) < pythonJson(b) ? -1 : 1));
}
function pythonJson(value: Canonical): string {
  return JSON.stringify(value).replaceAll(",", ", ").replaceAll(":", ": ");
}
