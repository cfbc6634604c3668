/**
 * Schemas as TypeScript object literals, from which the compiler takes the row type:
 *
 * ```ts
 * const orders = { user: "string", at: "timestamp", id: "bigint!", items: array(struct({ sku: "string", n: "int" })) } as const;
 * type Order = RowOf<typeof orders>;
 * // { readonly user: string | null; readonly at: Date | null; readonly id: number; readonly items: readonly (…)[] | null }
 * ```
 * A column, array element or map value may be null unless its type ends in `!` (or is wrapped in {@link notNull}).
 */
import type { Temporal } from "temporal-polyfill";

export type SimpleTypeName =
  | "boolean"
  | "tinyint"
  | "smallint"
  | "int"
  | "bigint"
  | "float"
  | "double"
  | "string"
  | "binary"
  | "date"
  | "timestamp"
  | "timestamp_ntz"
  | "time"
  | "variant"
  | "void";
export type DecimalTypeName =
  | "decimal"
  | `decimal(${number})`
  | `decimal(${number},${number})`
  | `decimal(${number}, ${number})`;
/** A time of day with that many digits of a fraction of a second; `time` alone has six. */
export type TimeTypeName = `time(${number})`;
export type IntervalTypeName =
  | "interval year"
  | "interval year to month"
  | "interval month"
  | "interval day"
  | "interval day to hour"
  | "interval day to minute"
  | "interval day to second"
  | "interval hour"
  | "interval hour to minute"
  | "interval hour to second"
  | "interval minute"
  | "interval minute to second"
  | "interval second";
/** The name of a type without children. */
export type TypeName = SimpleTypeName | DecimalTypeName | TimeTypeName | IntervalTypeName;

/** ARRAY: made by {@link array}. */
export interface ArrayLiteral<Element = unknown, Nullable extends boolean = boolean> {
  readonly kind: "array";
  readonly element: Element;
  readonly nullable: Nullable;
}
/** MAP: made by {@link map}. */
export interface MapLiteral<Key = unknown, Value = unknown, Nullable extends boolean = boolean> {
  readonly kind: "map";
  readonly key: Key;
  readonly value: Value;
  readonly nullable: Nullable;
}
/** STRUCT: made by {@link struct}. */
export interface StructLiteral<Fields = unknown, Nullable extends boolean = boolean> {
  readonly kind: "struct";
  readonly fields: Fields;
  readonly nullable: Nullable;
}

/** A type in a schema literal: a name, a name with `!`, or a nested type. */
export type TypeLiteral = TypeName | `${TypeName}!` | ArrayLiteral | MapLiteral | StructLiteral;
/** Column names to types, in the order of the columns. */
export interface SchemaLiteral {
  readonly [column: string]: TypeLiteral;
}

/** ARRAY of the element type. */
export function array<const E extends TypeLiteral>(element: E): ArrayLiteral<E, true> {
  return { kind: "array", element, nullable: true };
}
/** MAP from the key type to the value type; keys are never null. */
export function map<const K extends TypeLiteral, const V extends TypeLiteral>(
  key: K,
  value: V,
): MapLiteral<K, V, true> {
  return { kind: "map", key, value, nullable: true };
}
/** STRUCT with the given fields. */
export function struct<const S extends SchemaLiteral>(fields: S): StructLiteral<S, true> {
  return { kind: "struct", fields, nullable: true };
}

/** The type without null: what `!` is to a name. */
export type NotNull<T> =
  T extends ArrayLiteral<infer E>
    ? ArrayLiteral<E, false>
    : T extends MapLiteral<infer K, infer V>
      ? MapLiteral<K, V, false>
      : T extends StructLiteral<infer S>
        ? StructLiteral<S, false>
        : T extends `${string}!`
          ? T
          : T extends string
            ? `${T}!`
            : never;
/** Declares that a column, element or value of this type is never null; for nested types, which have no `!`. */
export function notNull<const T extends TypeLiteral>(literal: T): NotNull<T> {
  const given: TypeLiteral = literal;
  const result: unknown =
    typeof given === "string" ? (given.endsWith("!") ? given : `${given}!`) : { ...given, nullable: false };
  return result as NotNull<T>;
}

/** Session settings that change how values look in TypeScript. */
export interface ValueOptions {
  /** BIGINT as `bigint` instead of `number`. */
  readonly bigint?: boolean;
  /** TIMESTAMP, TIMESTAMP_NTZ, DATE, TIME and intervals as Temporal objects instead of Date and ISO strings. */
  readonly timestamps?: "date" | "temporal";
}

/**
 * A VARIANT as user code sees it: what `JSON.parse` would give, with whole numbers beyond 2^53 as `bigint`, decimals as
 * `string`, dates and times in the form of ISO 8601 and binary as `Uint8Array`.
 */
export type VariantValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly VariantValue[]
  | { readonly [key: string]: VariantValue };

interface ValueOfName<O extends ValueOptions> {
  boolean: boolean;
  tinyint: number;
  smallint: number;
  int: number;
  bigint: O extends { readonly bigint: true } ? bigint : number;
  float: number;
  double: number;
  string: string;
  binary: Uint8Array;
  date: O extends { readonly timestamps: "temporal" } ? Temporal.PlainDate : string;
  timestamp: O extends { readonly timestamps: "temporal" } ? Temporal.Instant : Date;
  timestamp_ntz: O extends { readonly timestamps: "temporal" } ? Temporal.PlainDateTime : string;
  time: O extends { readonly timestamps: "temporal" } ? Temporal.PlainTime : string;
  variant: VariantValue;
  void: null;
}

/** A present value of a type name without `!`. */
type PresentByName<N, O extends ValueOptions> = N extends keyof ValueOfName<O>
  ? ValueOfName<O>[N]
  : N extends `interval ${string}`
    ? O extends { readonly timestamps: "temporal" }
      ? Temporal.Duration
      : string
    : N extends `decimal${string}`
      ? string
      : N extends `time(${string}`
        ? ValueOfName<O>["time"]
        : never;

/** How a present (not null) value of the type looks in TypeScript; docs/types.md has the table. */
export type PresentValueOf<T, O extends ValueOptions = {}> = T extends `${infer N}!`
  ? PresentByName<N, O>
  : T extends string
    ? PresentByName<T, O>
    : T extends ArrayLiteral<infer E>
      ? readonly ValueOf<E, O>[]
      : T extends MapLiteral<infer K, infer V>
        ? ReadonlyMap<PresentValueOf<K, O>, ValueOf<V, O>>
        : T extends StructLiteral<infer S>
          ? RowOf<S, O>
          : never;

/** Whether the literal allows null. */
export type IsNullable<T> = T extends `${string}!` | { readonly nullable: false } ? false : true;

/** How a value of the type looks in TypeScript, null included unless the literal excludes it. */
export type ValueOf<T, O extends ValueOptions = {}> =
  IsNullable<T> extends true ? PresentValueOf<T, O> | null : PresentValueOf<T, O>;

/** The row of a schema: one readonly property per column. */
export type RowOf<S, O extends ValueOptions = {}> = { readonly [K in keyof S]: ValueOf<S[K], O> };
