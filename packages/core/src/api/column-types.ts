/**
 * What the compiler knows of columns: the types of expressions over them, computed from string literals. All of it is
 * looked up or decided in a few steps, nothing recurses over a schema, so that type-checking stays quick.
 */
import type { Expr } from "../expressions/expression.ts";
import type {
  ArrayLiteral,
  DecimalTypeName,
  IntervalTypeName,
  MapLiteral,
  NotNull,
  StructLiteral,
  TypeLiteral,
  ValueOf,
  ValueOptions,
} from "../types/schema-literal.ts";

/** A column whose type is known only when the query is analyzed: `col("x")`, `expr("…")`, files without a schema. */
export type Untyped = "untyped";
export type ColumnType = TypeLiteral | Untyped;

/** Column names and types of a DataFrame. */
export type Schema = Readonly<Record<string, unknown>>;
/** Of a DataFrame whose columns the compiler does not know: every name is allowed. */
export type UntypedSchema = Readonly<Record<string, Untyped>>;

/** Said by the compiler where an operation does not fit a column. */
export interface TypeMistake<Message extends string> {
  readonly "type mistake": Message;
}

/**
 * Anything that computes a column: what functions and operators take. `N` is its name, `string` when it has none yet.
 */
export interface ColumnLike<out T = unknown, out N extends string = string> {
  /** Only for the compiler: there is no such property at run time. */
  readonly columnType: T;
  /** Only for the compiler. */
  readonly columnName: N;
  readonly expr: Expr;
}
// ---- families ------------------------------------------------------------------------------------------------------

export type IntegralName = "tinyint" | "smallint" | "int" | "bigint";
export type NumericName = IntegralName | "float" | "double" | DecimalTypeName;
export type DatetimeName = "date" | "timestamp" | "timestamp_ntz";
/** A DECIMAL whose precision and scale the compiler does not compute. */
export type OpenDecimal = `decimal(${number},${number})`;
type Either<Name extends string> = Name | `${Name}!`;

export type NumericType = Either<NumericName>;
export type IntegralType = Either<IntegralName>;
export type StringType = Either<"string">;
export type BooleanType = Either<"boolean">;
export type BinaryType = Either<"binary">;
export type DatetimeType = Either<DatetimeName>;
export type TimestampType = Either<"timestamp" | "timestamp_ntz">;
export type IntervalType = Either<IntervalTypeName>;

// ---- nullability -----------------------------------------------------------------------------------------------------

/** Never NULL. */
export type RequiredType = `${string}!` | { readonly nullable: false };
/** The type without its mark of never being NULL. */
export type Base<T> = T extends `${infer B}!`
  ? B extends TypeLiteral
    ? B
    : never
  : T extends { readonly nullable: false }
    ? T extends ArrayLiteral<infer E>
      ? ArrayLiteral<E, true>
      : T extends MapLiteral<infer K, infer V>
        ? MapLiteral<K, V, true>
        : T extends StructLiteral<infer F>
          ? StructLiteral<F, true>
          : never
    : T;
/** `B`, never NULL when `T` never is. */
export type AsNullableAs<B extends string, T> = [T] extends [RequiredType] ? `${B}!` : B;
/** `B`, never NULL when neither `T` nor the operand `V` is. */
export type AsNullableAsBoth<B extends string, T, V> = [T] extends [RequiredType]
  ? [TypeOf<V>] extends [RequiredType]
    ? `${B}!`
    : B
  : B;

// ---- literals and operands ---------------------------------------------------------------------------------------

/** A JavaScript value that can stand where a column can. */
export type LiteralValue = string | number | bigint | boolean | Date | Uint8Array | null;

/** The SQL type of a JavaScript value: whole numbers are INT or BIGINT by size, other numbers DOUBLE. */
export type LiteralType<V> = V extends string
  ? "string!"
  : V extends number
    ? number extends V
      ? "int!" | "bigint!" | "double!"
      : `${V}` extends `${bigint}`
        ? "int!"
        : "double!"
    : V extends bigint
      ? "bigint!"
      : V extends boolean
        ? "boolean!"
        : V extends Date
          ? "timestamp!"
          : V extends Uint8Array
            ? "binary!"
            : "void";

/** The type of an operand, a column or a value. */
export type TypeOf<V> = V extends ColumnLike<infer T> ? T : LiteralType<V>;

/** What a function accepts for an argument of type T: a column of that type, or a column's name. */
export type ColumnArgument<T = unknown> = string | ColumnLike<T | Untyped>;
/** The type of a function's argument; unknown when only its name is given. */
export type ArgumentType<A> = A extends ColumnLike<infer T> ? T : Untyped;

/** The argument's type as that of array elements which are never NULL. */
export type TypeOfElement<A> = ArgumentType<A> extends infer T ? (T extends Untyped ? Untyped : NotNull<T>) : never;

/** What a column of type T can be compared with. */
export type Comparand<T> = [T] extends [NumericType]
  ? number | bigint | ColumnLike<NumericType | Untyped>
  : [T] extends [StringType]
    ? string | ColumnLike<StringType | Untyped>
    : [T] extends [DatetimeType]
      ? Date | string | ColumnLike<DatetimeType | Untyped>
      : [T] extends [BooleanType]
        ? boolean | ColumnLike<BooleanType | Untyped>
        : [T] extends [BinaryType]
          ? Uint8Array | ColumnLike<BinaryType | Untyped>
          : [T] extends [Untyped]
            ? LiteralValue | ColumnLike
            : ColumnLike<T | Untyped>;

/** What can stand on the other side of `+` and `-`. */
export type Addend<T> = [T] extends [NumericType]
  ? number | bigint | ColumnLike<NumericType | Untyped>
  : [T] extends [Untyped]
    ? LiteralValue | ColumnLike
    : [T] extends [DatetimeType | IntervalType]
      ? ColumnLike<IntervalType | DatetimeType | IntegralType | Untyped>
      : TypeMistake<"arithmetic needs numeric columns; use concat for strings, cast for numbers in text">;
/** What can stand on the other side of `*`, `/` and `%`. */
export type Factor<T> = [T] extends [NumericType]
  ? number | bigint | ColumnLike<NumericType | Untyped>
  : [T] extends [Untyped | IntervalType]
    ? number | bigint | ColumnLike<NumericType | IntervalType | Untyped>
    : TypeMistake<"arithmetic needs numeric columns; use concat for strings, cast for numbers in text">;

/** The numeric type that holds all types of a union. */
export type Widest<U> = Untyped extends U
  ? Untyped
  : "double" extends U
    ? "double"
    : "float" extends U
      ? [Extract<U, DecimalTypeName>] extends [never]
        ? "float"
        : "double"
      : [Extract<U, DecimalTypeName>] extends [never]
        ? "bigint" extends U
          ? "bigint"
          : "int" extends U
            ? "int"
            : "smallint" extends U
              ? "smallint"
              : "tinyint"
        : OpenDecimal;
/** For each type of `B`, so that a number of unknown size keeps its alternatives. */
type Wider<A, B> = B extends unknown ? Widest<A | B> : never;
/** The type of a choice among values of these types, NULL aside. */
export type Common<U> = Untyped extends U
  ? Untyped
  : [Base<Exclude<U, "void">>] extends [NumericType]
    ? Widest<Base<Exclude<U, "void">>>
    : [Exclude<U, "void">] extends [StringType]
      ? "string"
      : Base<Exclude<U, "void">>;
/** As `Common`, never NULL when none of the values is. */
export type CommonOfAll<U> = [U] extends [RequiredType] ? Required<Common<U>> : Common<U>;
/** As `Common`, never NULL when one of the values is never NULL. */
export type CommonOfAny<U> = [Extract<U, RequiredType>] extends [never] ? Common<U> : Required<Common<U>>;
type Required<T> = T extends Untyped ? Untyped : NotNull<T>;

/** Type of `T + V`, `T - V`, `T * V`: the wider of the two. The precision of decimals is left open. */
export type SumType<T, V> = [T] extends [NumericType]
  ? [TypeOf<V>] extends [NumericType]
    ? AsNullableAsBoth<Wider<Base<T>, Base<TypeOf<V>>>, T, V>
    : Untyped
  : [T] extends [DatetimeType]
    ? [TypeOf<V>] extends [DatetimeType]
      ? Untyped
      : Base<T>
    : [T] extends [IntervalType]
      ? Base<T>
      : Untyped;
/** Type of a value of type T cast to `To`: text may be malformed, other casts keep a value that is never NULL. */
export type CastType<T, To extends TypeLiteral> = [T] extends [StringType]
  ? Base<To>
  : [T] extends [RequiredType]
    ? NotNull<Base<To>>
    : Base<To>;
/** Type of `T / V`: DECIMAL when one side is and the other is exact, else DOUBLE. */
export type QuotientType<T, V> = [Base<T> | Base<TypeOf<V>>] extends [IntegralName | DecimalTypeName]
  ? [Extract<Base<T> | Base<TypeOf<V>>, DecimalTypeName>] extends [never]
    ? "double"
    : OpenDecimal
  : [T] extends [NumericType]
    ? "double"
    : Untyped;
/** Type of `T % V`. */
export type RemainderType<T, V> = [T] extends [NumericType]
  ? [TypeOf<V>] extends [NumericType]
    ? Wider<Base<T>, Base<TypeOf<V>>>
    : Untyped
  : Untyped;

// ---- results of aggregates --------------------------------------------------------------------------------------------

export type SumOf<T> = [Base<T>] extends [IntegralName]
  ? "bigint"
  : [Base<T>] extends [DecimalTypeName]
    ? OpenDecimal
    : [Base<T>] extends [NumericName]
      ? "double"
      : Untyped;
export type AverageOf<T> = [Base<T>] extends [DecimalTypeName]
  ? OpenDecimal
  : [Base<T>] extends [NumericName]
    ? "double"
    : Untyped;

// ---- names ---------------------------------------------------------------------------------------------------------------

export type ColumnName<S> = keyof S & string;
/** Names of the columns whose type is one of `T`, and of those whose type is not known. */
export type ColumnNameOfType<S, T> = { [K in keyof S]: S[K] extends T | Untyped ? K : never }[keyof S] & string;

/** Name and type of a field of a struct column, as `column.field`. */
type FieldPath<S> = {
  [K in keyof S & string]: S[K] extends StructLiteral<infer F> ? `${K}.${keyof F & string}` : never;
}[keyof S & string];
/** A column, or a field of a struct column by its path. */
export type ColumnPath<S> = ColumnName<S> | FieldPath<S>;

export type FieldType<T, F> =
  T extends StructLiteral<infer Fields> ? (F extends keyof Fields ? Fields[F] : never) : Untyped;

/** The last part of a path: the name that the column gets. */
export type NameOfPath<S, P> = P extends keyof S ? P : P extends `${string}.${infer F}` ? F : P;
export type TypeOfPath<S, P> = P extends keyof S
  ? S[P]
  : P extends `${infer K}.${infer F}`
    ? K extends keyof S
      ? FieldType<S[K], F>
      : Untyped
    : Untyped;

// ---- schemas ---------------------------------------------------------------------------------------------------------------

/** `S` with the columns of `R` added or replaced. */
export type WithColumnsOf<S, R> = {
  readonly [K in keyof S | keyof R]: K extends keyof R ? R[K] : K extends keyof S ? S[K] : never;
};
/** Types of a record of columns. */
export type TypesOf<R> = { readonly [K in keyof R]: R[K] extends ColumnLike<infer T> ? T : never };
export type Renamed<S, From extends string, To extends string> = {
  readonly [K in keyof S as K extends From ? To : K]: S[K];
};
export type Without<S, N extends string> = { readonly [K in keyof S as K extends N ? never : K]: S[K] };
/** Every column can be NULL, as on the optional side of an outer join. */
export type Optional<S> = { readonly [K in keyof S]: Base<S[K]> };

/** The rows of a DataFrame as objects. */
export type Row<S, O extends ValueOptions> = {
  readonly [K in keyof S]: S[K] extends TypeLiteral ? ValueOf<S[K], O> : unknown;
};
