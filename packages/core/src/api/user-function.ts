import type { UserFunction } from "../expressions/expression.ts";
import { loadExport } from "../expressions/load-export.ts";
import type { StructType } from "../types/data-type.ts";
import { structType } from "../types/data-type.ts";
import { toDataType, toStructType } from "../types/schema-conversion.ts";
import type { SchemaLiteral, TypeLiteral } from "../types/schema-literal.ts";
import type { WithoutResult } from "./row-types.ts";

/** A closure as the plan holds it. */
export function userFunction(closure: WithoutResult, name: string = closure.name): UserFunction {
  return { name: name === "" ? "lambda" : name, closure, deterministic: true };
}

/** A function that a module exports, as the plan holds it: each thread loads it for itself. */
export function exportedFunction(url: string, exportName: string): UserFunction {
  let loaded: UserFunction["closure"] | undefined;
  return {
    name: exportName,
    closure: (...args: never[]) => loaded!(...args),
    module: { url, exportName },
    async load() {
      loaded ??= await loadExport(url, exportName);
    },
    deterministic: true,
  };
}

export type RowShape = "map" | "flatMap" | "mapPartitions";

/** A closure over rows as the plan holds it: what returns single values is wrapped to return rows with a column `value`. */
export function rowsClosure(how: RowShape, fn: WithoutResult, schema: TypeLiteral | SchemaLiteral): UserFunction {
  if (!isTypeLiteral(schema)) return userFunction(fn);
  const call = fn as (input: unknown) => unknown;
  const wrapped =
    how === "map"
      ? (row: unknown) => ({ value: call(row) })
      : (rows: unknown) => asRows(call(rows) as Iterable<unknown>);
  return userFunction(wrapped, fn.name);
}

function* asRows(values: Iterable<unknown>): Generator<{ readonly value: unknown }> {
  for (const value of values) yield { value };
}

/** Whether a literal is one type (`"string"`, `array("int")`) rather than a schema. */
export function isTypeLiteral(literal: TypeLiteral | SchemaLiteral): literal is TypeLiteral {
  if (typeof literal === "string") return true;
  const kind: unknown = (literal as { readonly kind?: unknown }).kind;
  const nullable: unknown = (literal as { readonly nullable?: unknown }).nullable;
  return (kind === "array" || kind === "map" || kind === "struct") && typeof nullable === "boolean";
}

/** The schema of what a closure returns: the fields of a schema, or one column `value` for a type. */
export function resultSchema(literal: TypeLiteral | SchemaLiteral): StructType {
  if (!isTypeLiteral(literal)) return toStructType(literal);
  const nullable = typeof literal === "string" ? !literal.endsWith("!") : literal.nullable;
  return structType([{ name: "value", type: toDataType(literal), nullable }]);
}
