import type { Expr } from "../../expressions/expression.ts";
import { toDataType } from "../../types/schema-conversion.ts";
import type { SimpleTypeName, TypeLiteral, ValueOf } from "../../types/schema-literal.ts";
import { originOf } from "../call-site.ts";
import { columnNamed } from "../column-names.ts";
import type { Base, ColumnLike, ColumnType, Untyped } from "../column-types.ts";
import { Column } from "../column.ts";
import { userFunction } from "../user-function.ts";

type Names = SimpleTypeName | `${SimpleTypeName}!`;
type Bigint = { readonly bigint: true };
type Temporal = { readonly timestamps: "temporal" };
/** The types whose values a parameter of type `A` takes. */
type TypesFor<A> = {
  [N in Names]: ValueOf<N> extends A
    ? N
    : ValueOf<N, Bigint> extends A
      ? N
      : ValueOf<N, Temporal> extends A
        ? N
        : never;
}[Names];
type Arguments<A extends readonly unknown[]> = {
  [K in keyof A]: string | ColumnLike<TypesFor<A[K]> | Exclude<ColumnType, Names> | Untyped>;
};

/**
 * A function of yours over column values. It is called once per row and gets null for NULL; the second argument is the
 * type of what it returns. Columns whose values do not fit a parameter are errors in the editor.
 * `const domain = udf((email: string | null) => email?.split("@")[1] ?? null, "string"); df.select(domain("email"))`
 */
export function udf<A extends readonly unknown[], const R extends TypeLiteral>(
  fn: (...args: A) => ValueOf<R> | ValueOf<R, Bigint> | ValueOf<R, Temporal>,
  returnType: R,
  options: { readonly deterministic?: boolean; readonly name?: string } = {},
): (...columns: Arguments<A>) => Column<Base<R>> {
  const closure = { ...userFunction(fn, options.name ?? fn.name), deterministic: options.deterministic ?? true };
  const type = toDataType(returnType);
  return function apply(...columns): Column<Base<R>> {
    const origin = originOf(apply);
    const args = (columns as readonly (string | ColumnLike)[]).map((column): Expr =>
      typeof column === "string" ? columnNamed(column, origin) : column.expr,
    );
    return new Column({ kind: "UserFunctionCall", fn: closure, args, type });
  };
}
