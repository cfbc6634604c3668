/** Narrowing to the widths of the integer types, in the interpreter and in generated code. */
import type { DataType } from "../types/data-type.ts";
import { js } from "./code.ts";
import type { Code } from "./emitter.ts";

/** Cuts a number to the width of an integer type. */
export function wrapNumber(kind: DataType["kind"]): (value: number) => number {
  if (kind === "tinyint") return (v) => (v << 24) >> 24;
  if (kind === "smallint") return (v) => (v << 16) >> 16;
  return (v) => v | 0;
}
export function wrapCode(kind: DataType["kind"], value: Code): Code {
  if (kind === "tinyint") return js`(${value} << 24 >> 24)`;
  if (kind === "smallint") return js`(${value} << 16 >> 16)`;
  return js`(${value} | 0)`;
}
/** How Spark names the width in overflow messages. */
export function widthName(kind: DataType["kind"]): string {
  return kind === "bigint" ? "long" : kind === "int" ? "integer" : kind === "smallint" ? "short" : "byte";
}
