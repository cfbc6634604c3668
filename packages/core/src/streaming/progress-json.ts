/** The JSON text of progress, as Spark's `StreamingQueryProgress.json` and `prettyJson` print it. */
import type { StreamingQueryProgress } from "./contract.ts";

/** Fields that are doubles in Spark, and so are printed with a fraction. */
const doubleFields: ReadonlySet<string> = new Set(["inputRowsPerSecond", "processedRowsPerSecond"]);

/** A double as Java's `Double.toString` prints it: `10.0`, `1.5E-5`, `1.0E7`. */
export function javaDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}

interface Style {
  readonly colon: string;
  /** Line break and indentation at a depth, or nothing. */
  readonly line: (depth: number) => string;
  readonly emptyObject: string;
  readonly open: string;
  readonly close: string;
  readonly emptyArray: string;
  readonly between: string;
}

const compact: Style = {
  colon: ":",
  line: () => "",
  emptyObject: "{}",
  open: "[",
  close: "]",
  emptyArray: "[]",
  between: ",",
};
const pretty: Style = {
  colon: " : ",
  line: (depth) => `\n${"  ".repeat(depth)}`,
  emptyObject: "{ }",
  open: "[ ",
  close: " ]",
  emptyArray: "[ ]",
  between: ", ",
};

function print(value: unknown, style: Style, depth: number, field: string, offsets: boolean): string {
  if (typeof value === "number") return !offsets && doubleFields.has(field) ? javaDouble(value) : String(value);
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return style.emptyArray;
    const items = value.map((item: unknown) => print(item, style, depth, field, offsets));
    return `${style.open}${items.join(style.between)}${style.close}`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    if (entries.length === 0) return style.emptyObject;
    const line = style.line(depth + 1);
    const fields = entries.map(([name, v]) => {
      const inOffsets = offsets || name === "startOffset" || name === "endOffset" || name === "latestOffset";
      return `${line}${JSON.stringify(name)}${style.colon}${print(v, style, depth + 1, name, inOffsets)}`;
    });
    return `{${fields.join(",")}${style.line(depth)}}`;
  }
  return JSON.stringify(value ?? null);
}

/** One line without spaces. */
export function progressJson(progress: StreamingQueryProgress): string {
  return print(progress, compact, 0, "", false);
}

/** Indented by two spaces, in the style of Jackson's pretty printer. */
export function progressPrettyJson(progress: StreamingQueryProgress): string {
  return print(progress, pretty, 0, "", false);
}
