import type { DataType } from "millrace";

const timeOfDay = /^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/;

/** A user's value in which times without a day, such as `"12:00:05"`, are put on 1970-01-01 (UTC) where a timestamp stands. */
export function withTimesOfDay(type: DataType, value: unknown): unknown {
  switch (type.kind) {
    case "timestamp":
      return typeof value === "string" && timeOfDay.test(value) ? `1970-01-01T${value}Z` : value;
    case "timestamp_ntz":
      return typeof value === "string" && timeOfDay.test(value) ? `1970-01-01T${value}` : value;
    case "array":
      return Array.isArray(value) ? value.map((each) => withTimesOfDay(type.element, each)) : value;
    case "struct":
      if (Array.isArray(value)) {
        return value.map((each, i) => {
          const field = type.fields[i];
          return field === undefined ? each : withTimesOfDay(field.type, each);
        });
      }
      return isPlainObject(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, each]) => {
              const field = type.fields.find((f) => f.name === name);
              return [name, field === undefined ? each : withTimesOfDay(field.type, each)];
            }),
          )
        : value;
    default:
      return value;
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
