import type { StructType } from "../types/data-type.ts";
import { parseDdl } from "../types/ddl.ts";
import { toStructType } from "../types/schema-conversion.ts";
import type { SchemaLiteral } from "../types/schema-literal.ts";
import type { UntypedSchema } from "./column-types.ts";

/** A schema as a literal (`{ id: "bigint!" }`), as DDL text (`id BIGINT NOT NULL`) or in the engine's form. */
export type SchemaInput = SchemaLiteral | string | StructType;

/** What the compiler knows of a schema: its columns when it is a literal. */
export type SchemaOf<T> = T extends string | StructType ? UntypedSchema : T extends SchemaLiteral ? T : UntypedSchema;

/** Whether it is the engine's form, and not the literal of columns that happen to be called `kind` and `fields`. */
function isStructType(schema: SchemaLiteral | StructType): schema is StructType {
  return schema.kind === "struct" && Array.isArray(schema.fields);
}

/** A schema in the engine's form. */
export function structTypeOf(schema: SchemaInput): StructType {
  if (typeof schema === "string") return parseDdl(schema);
  return isStructType(schema) ? schema : toStructType(schema);
}
