import type { Expr, Origin } from "../expressions/expression.ts";
import { parseDataType } from "../types/ddl.ts";
import { toDataType } from "../types/schema-conversion.ts";
import type { ArrayLiteral, MapLiteral, StructLiteral, TypeLiteral } from "../types/schema-literal.ts";
import { originOf, type PublicMethod } from "./call-site.ts";
import type {
  Addend,
  AsNullableAs,
  AsNullableAsBoth,
  Base,
  BooleanType,
  CastType,
  ColumnLike,
  CommonOfAll,
  Comparand,
  Factor,
  FieldType,
  IntegralType,
  IntervalType,
  LiteralValue,
  NumericType,
  QuotientType,
  RemainderType,
  StringType,
  SumType,
  TypeOf,
  Untyped,
} from "./column-types.ts";
import { isColumn, literalOf, operandOf } from "./literal.ts";

/** What `over` takes: a window that `Window` made. */
interface WindowOver {
  over(fn: Expr, method: PublicMethod): Expr;
}
/** A column, or a value, of text. */
export type TextOperand = string | ColumnLike<StringType | Untyped>;
type BooleanColumn = ColumnLike<BooleanType | Untyped>;
type TextColumn = ColumnLike<StringType | Untyped>;

/**
 * A value computed for each row: a column, or an expression over columns. `T` is its SQL type as in a schema literal
 * (`"int"`, `"string!"` when never NULL), `N` its name.
 *
 * Operators give NULL when an operand is NULL, unless they say otherwise. Names and types that the compiler cannot check
 * are checked when an action runs.
 */
export class Column<out T = unknown, out N extends string = string> implements ColumnLike<T, N> {
  /** Only for the compiler: the type. */
  declare readonly columnType: T;
  /** Only for the compiler: the name. */
  declare readonly columnName: N;
  /** The plan's form of the column. */
  readonly expr: Expr;

  constructor(expr: Expr) {
    this.expr = expr;
  }

  // ---- comparison ----------------------------------------------------------------------------------------------------

  /** Equal. `c.route.eq("/home")` */
  eq<const V extends Comparand<T>>(other: V): Column<AsNullableAsBoth<"boolean", T, V>> {
    return binary("=", this, other, this.eq);
  }
  /** Not equal. `c.route.neq("/home")` */
  neq<const V extends Comparand<T>>(other: V): Column<AsNullableAsBoth<"boolean", T, V>> {
    return new Column(call("not", [binary("=", this, other, this.neq).expr]));
  }
  /** Less than. `c.amount.lt(100)` */
  lt<const V extends Comparand<T>>(other: V): Column<AsNullableAsBoth<"boolean", T, V>> {
    return binary("<", this, other, this.lt);
  }
  /** Less than or equal. `c.amount.leq(100)` */
  leq<const V extends Comparand<T>>(other: V): Column<AsNullableAsBoth<"boolean", T, V>> {
    return binary("<=", this, other, this.leq);
  }
  /** Greater than. `c.amount.gt(100)` */
  gt<const V extends Comparand<T>>(other: V): Column<AsNullableAsBoth<"boolean", T, V>> {
    return binary(">", this, other, this.gt);
  }
  /** Greater than or equal. `c.status.geq(500)` */
  geq<const V extends Comparand<T>>(other: V): Column<AsNullableAsBoth<"boolean", T, V>> {
    return binary(">=", this, other, this.geq);
  }
  /** Equal, where NULL equals NULL: never NULL itself. `c.a.eqNullSafe(c.b)` */
  eqNullSafe(other: Comparand<T> | null): Column<"boolean!"> {
    return binary("<=>", this, other, this.eqNullSafe);
  }
  /** At least `low` and at most `high`. `c.age.between(18, 65)` */
  between(low: Comparand<T>, high: Comparand<T>): Column<"boolean"> {
    const origin = originOf(this.between);
    return new Column(
      call("and", [call(">=", [this.expr, operand(low)], origin), call("<=", [this.expr, operand(high)], origin)]),
    );
  }
  /** One of the values; NULL when none equals and one of them is NULL. `c.country.isin("NL", "BE")` */
  isin(...values: readonly (Comparand<T> | readonly Comparand<T>[])[]): Column<AsNullableAs<"boolean", T>> {
    const list = values.flat() as readonly unknown[];
    return new Column(call("in", [this.expr, ...list.map(operand)], originOf(this.isin)));
  }
  /** NULL or not: never NULL itself. `c.user.isNull()` */
  isNull(): Column<"boolean!"> {
    return new Column(call("isnull", [this.expr], originOf(this.isNull)));
  }
  /** Not NULL. `c.user.isNotNull()` */
  isNotNull(): Column<"boolean!"> {
    return new Column(call("isnotnull", [this.expr], originOf(this.isNotNull)));
  }
  /** Not a number (NaN); false for NULL. `c.ratio.isNaN()` */
  isNaN(this: ColumnLike<NumericType | Untyped>): Column<"boolean!"> {
    return new Column(call("isnan", [this.expr], originOf(Column.prototype.isNaN)));
  }

  // ---- logic ---------------------------------------------------------------------------------------------------------

  /** Both; false when one is false, even if the other is NULL. `c.a.gt(1).and(c.b.lt(2))` */
  and(this: BooleanColumn, other: BooleanColumn | boolean): Column<"boolean"> {
    return binary("and", this, other, Column.prototype.and);
  }
  /** One or both; true when one is true, even if the other is NULL. */
  or(this: BooleanColumn, other: BooleanColumn | boolean): Column<"boolean"> {
    return binary("or", this, other, Column.prototype.or);
  }
  /** The opposite. `c.active.not()` */
  not(this: BooleanColumn): Column<AsNullableAs<"boolean", T>> {
    return new Column(call("not", [this.expr], originOf(Column.prototype.not)));
  }

  // ---- arithmetic ----------------------------------------------------------------------------------------------------

  /** Sum, in the wider of the two types; a date or time plus an interval. Overflow is an error. `c.a.plus(1)` */
  plus<const V extends Addend<T>>(other: V): Column<SumType<T, V>> {
    return binary("+", this, other, this.plus);
  }
  /** Difference, in the wider of the two types. `c.end.minus(c.start)` */
  minus<const V extends Addend<T>>(other: V): Column<SumType<T, V>> {
    return binary("-", this, other, this.minus);
  }
  /** Product. `c.price.times(c.quantity)` */
  times<const V extends Factor<T>>(other: V): Column<SumType<T, V>> {
    return binary("*", this, other, this.times);
  }
  /** Quotient, as DOUBLE (DECIMAL for decimals). Division by zero is an error. `c.errors.divide(c.requests)` */
  divide<const V extends Factor<T>>(other: V): Column<QuotientType<T, V>> {
    return binary("/", this, other, this.divide);
  }
  /** Remainder with the sign of the dividend. `c.id.mod(10)` */
  mod<const V extends Factor<T>>(other: V): Column<RemainderType<T, V>> {
    return binary("%", this, other, this.mod);
  }
  /** The value with its sign changed. `c.amount.negate()` */
  negate(this: ColumnLike<NumericType | IntervalType | Untyped>): Column<T> {
    return new Column(call("negative", [this.expr], originOf(Column.prototype.negate)));
  }

  // ---- bits ----------------------------------------------------------------------------------------------------------

  /** The bits that both have, in the wider of the two types. `c.flags.bitwiseAND(4)` */
  bitwiseAND<const V extends number | bigint | ColumnLike<IntegralType | Untyped>>(
    this: ColumnLike<IntegralType | Untyped>,
    other: V,
  ): Column<SumType<T, V>> {
    return binary("&", this, other, Column.prototype.bitwiseAND);
  }
  /** The bits that one has or both. `c.flags.bitwiseOR(4)` */
  bitwiseOR<const V extends number | bigint | ColumnLike<IntegralType | Untyped>>(
    this: ColumnLike<IntegralType | Untyped>,
    other: V,
  ): Column<SumType<T, V>> {
    return binary("|", this, other, Column.prototype.bitwiseOR);
  }
  /** The bits that one has and not both. `c.a.bitwiseXOR(c.b)` */
  bitwiseXOR<const V extends number | bigint | ColumnLike<IntegralType | Untyped>>(
    this: ColumnLike<IntegralType | Untyped>,
    other: V,
  ): Column<SumType<T, V>> {
    return binary("^", this, other, Column.prototype.bitwiseXOR);
  }

  // ---- text ----------------------------------------------------------------------------------------------------------

  /** Whether the text starts with another. `c.route.startsWith("/api")` */
  startsWith(this: TextColumn, prefix: TextOperand): Column<AsNullableAs<"boolean", T>> {
    return binary("startswith", this, prefix, Column.prototype.startsWith);
  }
  /** Whether the text ends with another. `c.file.endsWith(".json")` */
  endsWith(this: TextColumn, suffix: TextOperand): Column<AsNullableAs<"boolean", T>> {
    return binary("endswith", this, suffix, Column.prototype.endsWith);
  }
  /** Whether the text contains another. `c.message.contains("timeout")` */
  contains(this: TextColumn, part: TextOperand): Column<AsNullableAs<"boolean", T>> {
    return binary("contains", this, part, Column.prototype.contains);
  }
  /** SQL pattern: `%` any text, `_` one character, `\` takes the next literally. `c.name.like("A%")` */
  like(this: TextColumn, pattern: TextOperand): Column<AsNullableAs<"boolean", T>> {
    return binary("like", this, pattern, Column.prototype.like);
  }
  /** As `like`, without regard to case. */
  ilike(this: TextColumn, pattern: TextOperand): Column<AsNullableAs<"boolean", T>> {
    return binary("ilike", this, pattern, Column.prototype.ilike);
  }
  /** Whether a regular expression (RE2 syntax) matches somewhere. `c.agent.rlike("bot|spider")` */
  rlike(this: TextColumn, pattern: TextOperand): Column<AsNullableAs<"boolean", T>> {
    return binary("rlike", this, pattern, Column.prototype.rlike);
  }
  /** Part of the text from a position, counted from 1 (from the end when negative). `c.day.substr(1, 4)` */
  substr(
    this: TextColumn,
    start: number | ColumnLike<IntegralType | Untyped>,
    length: number | ColumnLike<IntegralType | Untyped>,
  ): Column<AsNullableAs<"string", T>> {
    const origin = originOf(Column.prototype.substr);
    return new Column(call("substring", [this.expr, operandOf(start), operandOf(length)], origin));
  }

  // ---- nested values ---------------------------------------------------------------------------------------------------

  /** A field of a struct. `c.window.getField("start")` */
  getField<F extends (T extends StructLiteral<infer Fields> ? keyof Fields & string : string)>(
    name: F,
  ): Column<FieldType<T, F>, F> {
    return new Column({ kind: "UnresolvedExtractValue", child: this.expr, extraction: literalOf(name) });
  }
  /** An element of an array by position from 0, or the value of a map's key; an absent one is an error or NULL as in Spark. */
  getItem(
    key: LiteralValue | ColumnLike,
  ): Column<T extends ArrayLiteral<infer E> ? Base<E> : T extends MapLiteral<infer _K, infer V> ? Base<V> : Untyped> {
    return new Column({ kind: "UnresolvedExtractValue", child: this.expr, extraction: operandOf(key) });
  }

  /**
   * The struct with a field added or replaced; a dotted name is a field of a struct inside.
   * `c.address.withField("city", lit("Delft"))`, `c.address.withField("geo.lat", c.lat)`
   */
  withField(name: string, value: ColumnLike): Column<Untyped> {
    return new Column(call("with_field", [this.expr, literalOf(name), value.expr], originOf(this.withField)));
  }
  /** The struct without the fields; one that it has not is passed over, all of them are an error. `c.user.dropFields("email")` */
  dropFields(...names: readonly string[]): Column<Untyped> {
    return new Column(call("drop_fields", [this.expr, ...names.map(literalOf)], originOf(this.dropFields)));
  }

  // ---- types, names and order ------------------------------------------------------------------------------------------

  /**
   * The value in another type; malformed text and values that do not fit are errors. The type is a type literal
   * (`"int"`, `"decimal(10,2)"`, `array("string")`) or a DDL text. `c.text.cast("int")`
   */
  cast<const To extends TypeLiteral>(to: To): Column<CastType<T, To>, N> {
    return new Column({ kind: "Cast", child: this.expr, type: typeOfText(to) });
  }
  /** As `cast`, but NULL where that fails. `c.text.tryCast("int")` */
  tryCast<const To extends TypeLiteral>(to: To): Column<Base<To>, N> {
    return new Column({ kind: "Cast", child: this.expr, type: typeOfText(to), mode: "try" });
  }
  /**
   * An aggregate or window function over the rows around each row instead of one value per group.
   * `sum(c.amount).over(Window.partitionBy("user").orderBy("at"))`
   */
  over(window: WindowOver): Column<T> {
    return new Column(window.over(this.expr, this.over));
  }
  /** The column under another name. `count().alias("n")` */
  alias<const Name extends string>(name: Name): Column<T, Name>;
  /** A generator's columns under other names, one for each. `posexplode(c.items).alias("at", "item")` */
  alias(first: string, second: string, ...more: readonly string[]): Column<Untyped>;
  alias(name: string, ...more: readonly string[]): Column {
    const child = unaliased(this.expr);
    if (more.length === 0) return new Column({ kind: "Alias", child, name });
    const names = [name, ...more];
    return new Column({ kind: "Alias", child, name: names.join(", "), names });
  }
  /** Same as {@link alias}. */
  as<const Name extends string>(name: Name): Column<T, Name> {
    return this.alias(name);
  }
  /** The result of a function over this column: lets chains use functions of yours. `c.name.transform(trim).transform(upper)` */
  transform<R>(fn: (column: this) => R): R {
    return fn(this);
  }
  /** Ascending, NULL first. `df.orderBy((c) => c.at.asc())` */
  asc(): SortColumn {
    return new SortColumn(this.expr, "ascending", "first");
  }
  /** Same as {@link asc}. */
  ascNullsFirst(): SortColumn {
    return this.asc();
  }
  /** Ascending, NULL last. */
  ascNullsLast(): SortColumn {
    return new SortColumn(this.expr, "ascending", "last");
  }
  /** Descending, NULL last. */
  desc(): SortColumn {
    return new SortColumn(this.expr, "descending", "last");
  }
  /** Same as {@link desc}. */
  descNullsLast(): SortColumn {
    return this.desc();
  }
  /** Descending, NULL first. */
  descNullsFirst(): SortColumn {
    return new SortColumn(this.expr, "descending", "first");
  }
}

/** A column with the order to sort it in. */
export class SortColumn {
  readonly order: { readonly kind: "SortOrder" } & Extract<Expr, { kind: "SortOrder" }>;

  constructor(child: Expr, direction: "ascending" | "descending", nulls: "first" | "last") {
    this.order = { kind: "SortOrder", child: unaliased(child), direction, nulls };
  }
}

/**
 * What `when` gives: the value of the first condition that holds. Without `otherwise` it is NULL when none does.
 */
export class CaseColumn<T> extends Column<Base<T>> {
  declare readonly branchType: T;
  readonly #branches: readonly Expr[];

  constructor(branches: readonly Expr[], origin?: Origin) {
    super(call("when", branches, origin));
    this.#branches = branches;
  }

  /** Another condition and its value. */
  when<const V extends CaseValue<T>>(condition: BooleanColumn, value: V): CaseColumn<CommonOfAll<T | TypeOf<V>>> {
    return new CaseColumn([...this.#branches, condition.expr, operand(value)], originOf(this.when));
  }
  /** The value when no condition holds. */
  otherwise<const V extends CaseValue<T>>(value: V): Column<CommonOfAll<T | TypeOf<V>>> {
    return new Column(call("when", [...this.#branches, operand(value)], originOf(this.otherwise)));
  }
}
/** Values that the branches of one CASE can have together. */
export type CaseValue<T> = Comparand<T> | null;

/** Makes the call of a function by name. */
export function call(name: string, args: readonly Expr[], origin?: Origin): Expr {
  return { kind: "UnresolvedFunction", name, args, distinct: false, ...(origin === undefined ? {} : { origin }) };
}

function binary<R>(name: string, left: ColumnLike, right: unknown, method: PublicMethod): Column<R> {
  return new Column(call(name, [left.expr, operand(right)], originOf(method)));
}

/** An operand whose type the signature of the calling method has checked. */
function operand(value: unknown): Expr {
  return isColumn(value) ? value.expr : literalOf(value as LiteralValue);
}

function unaliased(expr: Expr): Expr {
  return expr.kind === "Alias" ? expr.child : expr;
}

function typeOfText(type: TypeLiteral): Extract<Expr, { kind: "Cast" }>["type"] {
  return typeof type === "string" ? parseDataType(type.endsWith("!") ? type.slice(0, -1) : type) : toDataType(type);
}
