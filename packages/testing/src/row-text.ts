import type { DataType, SqlMap, SqlValue, StructType } from "millrace/engine";

/** A value as reports show it, and as rows are compared: equal values have equal texts. */
export function textOfValue(type: DataType, value: SqlValue): string {
  if (value === null) return "null";
  switch (type.kind) {
    case "timestamp":
    case "timestamp_ntz":
      return timeText(value as bigint, type.kind === "timestamp" ? "Z" : "");
    case "date":
      return new Date((value as number) * 86_400_000).toISOString().slice(0, 10);
    case "string":
      return JSON.stringify(value);
    case "float":
    case "double":
      return Object.is(value, -0) ? "-0" : String(value);
    case "binary":
      return `0x${[...(value as Uint8Array)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    case "array":
      return `[${(value as readonly SqlValue[]).map((each) => textOfValue(type.element, each)).join(", ")}]`;
    case "map": {
      const { keys, values } = value as SqlMap;
      const entries = keys.map((key, i) => `${textOfValue(type.key, key)} -> ${textOfValue(type.value, values[i]!)}`);
      return `{${entries.sort().join(", ")}}`;
    }
    case "struct":
      return textOfRow(type, value as readonly SqlValue[]);
    default:
      return typeof value === "object" ? JSON.stringify(value, bigintText) : String(value);
  }
}

export function textOfRow(schema: StructType, row: readonly SqlValue[]): string {
  return `{ ${schema.fields.map((f, i) => `${f.name}: ${textOfValue(f.type, row[i]!)}`).join(", ")} }`;
}

const bigintText = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

/** A time of 1970-01-01 without its day, as scripts write it. */
function timeText(micros: bigint, zone: string): string {
  const millis = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
  const rest = micros - millis * 1000n;
  const date = new Date(Number(millis));
  if (Number.isNaN(date.getTime())) return `${micros} µs`;
  const [day, time] = date.toISOString().slice(0, -1).split("T") as [string, string];
  const digits = `${time}${String(rest).padStart(3, "0")}`.replace(/\.?0+$/, "");
  const clock = digits.length < 8 ? time.slice(0, 8) : digits;
  return day === "1970-01-01" ? clock : `${day}T${clock}${zone}`;
}
