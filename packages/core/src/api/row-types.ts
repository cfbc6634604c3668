/** Types of closures over rows. */
import type { SchemaLiteral, TypeLiteral, ValueOf, ValueOptions } from "../types/schema-literal.ts";
import type { Row, Untyped } from "./column-types.ts";

/** Any closure of the user's. */
export type WithoutResult = (...args: never[]) => unknown;

/** What a closure may return for rows of a schema, or for values of a type. */
export type Returned<R, O extends ValueOptions> = R extends TypeLiteral
  ? ValueOf<R, O>
  : R extends SchemaLiteral
    ? Row<R, O>
    : never;

/** The schema of what a closure returns: a type alone makes one column `value`. */
export type ReturnedSchema<R> = R extends TypeLiteral ? { readonly value: R } : R extends SchemaLiteral ? R : never;

type TypeOfJavaScript<V> = V extends string
  ? "string"
  : V extends boolean
    ? "boolean"
    : V extends bigint
      ? "bigint"
      : V extends Date
        ? "timestamp"
        : V extends Uint8Array
          ? "binary"
          : Untyped;
/**
 * The schema of rows given without one. Whether a number is BIGINT or DOUBLE depends on all rows, so numbers, like nested
 * values, are left open.
 */
export type SchemaFromRow<R> = { readonly [K in keyof R & string]: TypeOfJavaScript<NonNullable<R[K]>> };
