/**
 * The table that `show` prints, byte for byte as Spark's.
 * @see Spark, `Dataset.showString` and `ToPrettyString`
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import { valueReader } from "../columnar/value-at.ts";
import { textOf } from "./cast-text.ts";
import type { DataType, SqlMap, SqlValue, StructType } from "../types/data-type.ts";
import { escapeControls } from "../types/tree-string.ts";

export interface ShowFormat {
  /** Rows to show; one more in the batches means that there are more. */
  readonly rows: number;
  /** Longest cell in UTF-16 units; 0 for no limit, and then cells are flush left. */
  readonly truncate: number;
  readonly vertical: boolean;
  readonly timeZone: string;
}

const minimumWidth = 3;

/** The text, which ends in a newline. */
export function showString(schema: StructType, batches: readonly RecordBatch[], format: ShowFormat): string {
  const names = schema.fields.map((f) => escapeControls(f.name));
  const rows = cellRows(schema, batches, format);
  const hasMore = rows.length > format.rows;
  const shown = hasMore ? rows.slice(0, format.rows) : rows;
  const body = format.vertical ? records(names, shown) : table(names, shown, format.truncate > 0);
  if (format.vertical && shown.length === 0) return `${body}(0 rows)\n`;
  return hasMore ? `${body}only showing top ${format.rows} ${format.rows === 1 ? "row" : "rows"}\n` : body;
}

function table(names: readonly string[], rows: readonly (readonly string[])[], flushRight: boolean): string {
  const widths = names.map((name, i) =>
    rows.reduce((w, row) => Math.max(w, halfWidth(row[i]!)), Math.max(minimumWidth, halfWidth(name))),
  );
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell, i) => pad(cell, widths[i]!, flushRight)).join("|")}|\n`;
  const separator = `+${widths.map((w) => "-".repeat(w)).join("+")}+\n`;
  return `${separator}${line(names)}${separator}${rows.map(line).join("")}${separator}`;
}

function records(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widest = (cells: readonly string[]): number =>
    cells.reduce((w, cell) => Math.max(w, halfWidth(cell)), minimumWidth);
  const nameWidth = widest(names);
  const dataWidth = rows.reduce((w, row) => Math.max(w, widest(row)), minimumWidth);
  return rows
    .map((row, i) => {
      const head = `-RECORD ${i}`.padEnd(nameWidth + dataWidth + 5, "-");
      const lines = row.map((cell, j) => ` ${pad(names[j]!, nameWidth, false)} | ${pad(cell, dataWidth, false)} `);
      return `${[head, ...lines].join("\n")}\n`;
    })
    .join("");
}

function pad(cell: string, width: number, flushRight: boolean): string {
  const spaces = " ".repeat(width - halfWidth(cell));
  return flushRight ? spaces + cell : cell + spaces;
}

/** Characters that take two places in a fixed-width font, as Spark's `Utils.stringHalfWidth` counts them. */
const fullWidth =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/g;

function halfWidth(text: string): number {
  return text.length + (text.match(fullWidth)?.length ?? 0);
}

function cellRows(schema: StructType, batches: readonly RecordBatch[], format: ShowFormat): string[][] {
  const printers = schema.fields.map((f) => prettyText(f.type, format.timeZone));
  const rows: string[][] = [];
  for (const batch of batches) {
    const readers = batch.columns.map(valueReader);
    for (let i = 0; i < batch.length && rows.length <= format.rows; i++) {
      rows.push(printers.map((print, column) => cut(escapeControls(print(readers[column]!(i))), format.truncate)));
    }
  }
  return rows;
}

function cut(text: string, limit: number): string {
  if (limit <= 0 || text.length <= limit) return text;
  return limit < 4 ? text.slice(0, limit) : `${text.slice(0, limit - 3)}...`;
}

/** A value as `show` prints it: as CAST to STRING, but NULL in words and binary as hexadecimal bytes, nested ones too. */
export function prettyText(type: DataType, timeZone: string): (value: SqlValue) => string {
  const present = presentText(type, timeZone);
  return (value) => (value === null ? "NULL" : present(value));
}

function presentText(type: DataType, timeZone: string): (value: SqlValue) => string {
  switch (type.kind) {
    case "binary":
      return (value) =>
        `[${Array.from(value as Uint8Array, (b) => b.toString(16).toUpperCase().padStart(2, "0")).join(" ")}]`;
    case "array": {
      const element = prettyText(type.element, timeZone);
      return (value) => `[${(value as readonly SqlValue[]).map(element).join(", ")}]`;
    }
    case "map": {
      const key = prettyText(type.key, timeZone);
      const item = prettyText(type.value, timeZone);
      return (value) => {
        const { keys, values } = value as SqlMap;
        return `{${keys.map((k, i) => `${key(k)} -> ${item(values[i]!)}`).join(", ")}}`;
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => prettyText(f.type, timeZone));
      return (value) => `{${fields.map((print, i) => print((value as readonly SqlValue[])[i]!)).join(", ")}}`;
    }
    default:
      return textOf(type, timeZone);
  }
}
