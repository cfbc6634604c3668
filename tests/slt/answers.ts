/** Answers of either engine as the lines of an answer file. */
import { type Canonical, normalized } from "../systems/spark/canonical.ts";
import type { Failure, Table } from "../systems/spark/spark-engine.ts";
import type { SltCase } from "./slt-file.ts";

/** Microseconds since 1970 as a date and time, in UTC; years beyond 9999 as they are. */
function instant(micros: string): string {
  const value = BigInt(micros);
  const second = (value - (((value % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n;
  const fraction = String(value - second * 1_000_000n).padStart(6, "0");
  const date = new Date(Number(second) * 1000);
  return Number.isNaN(date.getTime()) ? micros : date.toISOString().replace(/\.000Z$/, `.${fraction}`);
}

/** A value of a column; what is inside of arrays, maps and structs stays as JSON has it. */
function cell(type: string, value: Canonical): string {
  if (typeof value !== "string") return text(value);
  if (/^(tinyint|smallint|int|bigint|decimal.*|date)$/.test(type)) return value;
  return type.startsWith("timestamp") ? instant(value) : text(value);
}

/** One line whatever the value holds. */
function text(value: Canonical): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if ("double" in value) return value.double;
  return `[${value.map(text).join(", ")}]`;
}

export function answerLines(slt: SltCase, answer: Table | Failure): string[] {
  if ("error" in answer) return [`! ${answer.error}`];
  const rows = answer.rows.map((row) => row.map((value, i) => cell(answer.columns[i]![1], normalized(value))));
  if (slt.kind === "expression") {
    const type = answer.columns[0]![1].toUpperCase();
    return rows.map((row) => `= ${type} ${row[0]}`);
  }
  const lines = rows.map((row) => `| ${row.join(" | ")}`);
  const ordered = /\.(orderBy|sort|sortWithinPartitions)\(/.test(slt.text);
  const header = answer.columns.map(([name, type]) => `${name} ${type.toUpperCase()}`).join(", ");
  return [`: ${header}`, ...(ordered ? lines : lines.toSorted())];
}
