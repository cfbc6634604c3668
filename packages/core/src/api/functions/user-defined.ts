import type { Expr } from "../../expressions/expression.ts";
import { toDataType } from "../../types/schema-conversion.ts";
import type { SimpleTypeName, TypeLiteral, ValueOf } from "../../types/schema-literal.ts";
import { originOf } from "../call-site.ts";
import { columnNamed } from "../column-names.ts";
import type { Base, ColumnLike, ColumnType, Untyped } from "../column-types.ts";
import { Column } from "../column.ts";
import { exportedFunction, userFunction } from "../user-function.ts";

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

interface UdfOptions {
  readonly deterministic?: boolean;
  readonly name?: string;
}

/**
 * A function of yours over column values. It is called once per row and gets null for NULL; the second argument is the
 * type of what it returns. Columns whose values do not fit a parameter are errors in the editor.
 * `const domain = udf((email: string | null) => email?.split("@")[1] ?? null, "string"); df.select(domain("email"))`
 */
export function udf<A extends readonly unknown[], const R extends TypeLiteral>(
  fn: (...args: A) => ValueOf<R> | ValueOf<R, Bigint> | ValueOf<R, Temporal>,
  returnType: R,
  options?: UdfOptions,
): (...columns: Arguments<A>) => Column<Base<R>>;
/**
 * The same for a function that a module exports: worker threads load it by its name, so that parts of a plan with it run in
 * parallel; a closure keeps them on the calling thread. `export function domain(email) {…}` and
 * `udf(import.meta.url, "domain", "string")`, in a module that starts nothing when it is imported.
 */
export function udf<const R extends TypeLiteral>(
  moduleUrl: string,
  exportName: string,
  returnType: R,
  options?: UdfOptions,
): (...columns: readonly (string | ColumnLike)[]) => Column<Base<R>>;
export function udf(
  first: string | ((...args: never[]) => unknown),
  second: unknown,
  third?: unknown,
  fourth?: UdfOptions,
): unknown {
  const exported = typeof first === "string";
  const fn = exported ? exportedFunction(first, second as string) : userFunction(first);
  const returnType = (exported ? third : second) as TypeLiteral;
  const options = ((exported ? fourth : third) ?? {}) as UdfOptions;
  const closure = { ...fn, name: options.name ?? fn.name, deterministic: options.deterministic ?? true };
  const type = toDataType(returnType);
  return function apply(...columns: readonly (string | ColumnLike)[]): Column<never> {
    const origin = originOf(apply);
    const args = columns.map((column): Expr =>
      typeof column === "string" ? columnNamed(column, origin) : column.expr,
    );
    return new Column({ kind: "UserFunctionCall", fn: closure, args, type });
  };
}
