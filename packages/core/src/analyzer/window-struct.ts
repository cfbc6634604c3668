/** The struct of a window's bounds, and the calls that compute them. */
import type { Expr } from "../expressions/expression.ts";
import { literal } from "../expressions/typing.ts";
import { type DataType, type StructType, stringType, structType } from "../types/data-type.ts";

export function callOf(fn: string, args: readonly Expr[], type: DataType, nullable: boolean): Expr & { kind: "Call" } {
  return { kind: "Call", fn, args, type, nullable, ansi: true };
}

/** `struct<start, end>` of two times. */
export function windowType(bound: DataType): StructType {
  return structType([
    { name: "start", type: bound, nullable: true },
    { name: "end", type: bound, nullable: true },
  ]);
}

export function windowStruct(start: Expr, end: Expr, type: StructType): Expr {
  const args = [literal("start", stringType), start, literal("end", stringType), end];
  return callOf("named_struct", args, type, false);
}
