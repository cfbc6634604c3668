/**
 * Decimals in generated code as doubles that hold the unscaled value exactly.
 *
 * A double holds every whole number below 2^53. Rounding is monotone, so a sum or product whose double lies below 2^53 is
 * exact; one that does not becomes NaN, and the row takes the interpreter form on bigints. The magnitude that a value
 * can have is followed from types and literals, so that most checks fall away.
 */
import { assertInvariant } from "../errors/index.ts";
import type { DataType, DecimalType } from "../types/data-type.ts";
import { js, local, number, valueOf } from "./code.ts";
import type { Code, EmitContext, Emitted, ExactDecimal } from "./emitter.ts";
import { int64OfNumber, numberOfInt64 } from "./kernels/int64.ts";

/** Magnitudes below it are exact. */
export const exactLimit: number = 2 ** 53;
/** 10^k is a double up to here. */
const maximumPower = 22;
/** Decimals of at most so many digits are exact always. */
const alwaysExactPrecision = 15;

export function alwaysExact(type: DataType): boolean {
  return type.kind === "decimal" && type.precision <= alwaysExactPrecision;
}

/** No value of the type that is exact has a greater magnitude. */
export function exactBound(type: DecimalType): number {
  return alwaysExact(type) ? 10 ** type.precision - 1 : exactLimit;
}

/** A decimal of which the double is known; the bigint is made where it is asked for. */
export function exactDecimal(ctx: Pick<EmitContext, "bind">, isNull: Code, exact: ExactDecimal): Emitted {
  const made = js`${ctx.bind(int64OfNumber)}(${exact.number})`;
  const value = exact.wide === undefined ? made : js`(${exact.number} === ${exact.number} ? ${made} : ${exact.wide})`;
  return { shape: "boxed", isNull, value, exact };
}

/** The exact form of a decimal or of a whole number, if it has one. */
export function exactOf(value: Emitted, type: DataType, ctx: EmitContext): ExactDecimal | undefined {
  switch (type.kind) {
    case "decimal":
      return value.shape === "boxed" ? value.exact : undefined;
    case "tinyint":
    case "smallint":
    case "int":
      return { number: valueOf(value), bound: 2 ** 31 };
    case "bigint": {
      const wide = valueOf(value);
      return { number: within(local(ctx, "t", js`${ctx.bind(numberOfInt64)}(${wide})`), ctx), wide, bound: exactLimit };
    }
    default:
      return undefined;
  }
}

/** The number, or NaN when it is not surely exact. */
function within(value: Code, ctx: EmitContext): Code {
  const limit = number(exactLimit);
  return local(ctx, "t", js`${value} < ${limit} && ${value} > -${limit} ? ${value} : NaN`);
}

/** An intermediate result: NaN unless exact. */
interface Intermediate {
  readonly number: Code;
  readonly bound: number;
  /** Whether it can be NaN. */
  readonly partial: boolean;
}

function checked(value: Intermediate, ctx: EmitContext): Intermediate {
  if (value.bound < exactLimit) return value;
  const name = local(ctx, "t", value.number);
  return { number: within(name, ctx), bound: exactLimit, partial: true };
}

/** Moves an exact value to another scale, half up; undefined when doubles do not reach so far. */
function rescaled(value: Intermediate, from: number, to: number, ctx: EmitContext): Intermediate | undefined {
  if (from === to) return value;
  if (to > from) {
    if (to - from > maximumPower) return undefined;
    const factor = 10 ** (to - from);
    return { ...value, number: js`${value.number} * ${number(factor)}`, bound: value.bound * factor };
  }
  if (from - to > alwaysExactPrecision) return undefined;
  const divisor = 10 ** (from - to);
  const by = number(divisor);
  const exact = checked(value, ctx);
  const whole = local(ctx, "t", exact.number);
  // The quotient may be rounded up to the next whole number; the rest is small and negative then, and rounding agrees.
  const quotient = local(ctx, "t", js`Math.trunc(${whole} / ${by})`);
  const rest = local(ctx, "t", js`2 * (${whole} - ${quotient} * ${by})`);
  return {
    number: js`(${quotient} + (${rest} >= ${by} ? 1 : ${rest} <= -${by} ? -1 : 0))`,
    bound: exact.bound / divisor + 1,
    partial: exact.partial,
  };
}

const intermediate = ({ number: code, wide, bound }: ExactDecimal): Intermediate => ({
  number: code,
  bound,
  partial: wide !== undefined,
});

/**
 * The result of type `to` when the exact form gives it, else what `slow` gives: the interpreter form, which raises errors.
 * @param slow an expression of the unscaled bigint, or of null when `nullable`
 */
function settled(value: Intermediate, to: DecimalType, slow: Code, nullable: boolean, ctx: EmitContext): Emitted {
  const limit = exactBound(to) + (alwaysExact(to) ? 1 : 0);
  if (!value.partial && value.bound < limit) {
    return exactDecimal(ctx, js.false, { number: local(ctx, "v", value.number), bound: value.bound });
  }
  const [result, wide] = [ctx.fresh("v"), ctx.fresh("v")];
  const end = number(limit);
  ctx.line(js`let ${result} = ${value.number}, ${wide} = 0n;`);
  ctx.line(js`if (!(${result} < ${end} && ${result} > -${end})) { ${result} = NaN; ${wide} = ${slow}; }`);
  const isNull = nullable ? js`(${wide} === null)` : js.false;
  return exactDecimal(ctx, isNull, { number: result, wide, bound: Math.min(value.bound, exactLimit) });
}

/** Emits a sum, difference or product of decimals; undefined when an operand is not known as a double. */
export function emitExactOperation(
  symbol: "+" | "-" | "*",
  operands: readonly [Emitted, Emitted],
  types: { readonly args: readonly DataType[]; readonly returns: DataType },
  slow: Code,
  nullable: boolean,
  ctx: EmitContext,
): Emitted | undefined {
  const [left, right] = types.args as readonly [DecimalType, DecimalType];
  const to = types.returns;
  if (to.kind !== "decimal" || left.kind !== "decimal" || right.kind !== "decimal") return undefined;
  const a = exactOf(operands[0], left, ctx);
  const b = exactOf(operands[1], right, ctx);
  if (a === undefined || b === undefined) return undefined;
  let result: Intermediate;
  let scale: number;
  if (symbol === "*") {
    scale = left.scale + right.scale;
    const partial = a.wide !== undefined || b.wide !== undefined;
    result = { number: js`${a.number} * ${b.number}`, bound: a.bound * b.bound, partial };
  } else {
    scale = Math.max(left.scale, right.scale);
    const first = rescaled(intermediate(a), left.scale, scale, ctx);
    const second = rescaled(intermediate(b), right.scale, scale, ctx);
    if (first === undefined || second === undefined) return undefined;
    const [x, y] = [checked(first, ctx), checked(second, ctx)];
    result = {
      number: symbol === "+" ? js`${x.number} + ${y.number}` : js`${x.number} - ${y.number}`,
      bound: x.bound + y.bound,
      partial: x.partial || y.partial,
    };
  }
  const rounded = rescaled(result, scale, to.scale, ctx);
  return rounded === undefined ? undefined : settled(rounded, to, slow, nullable, ctx);
}

/** Emits a cast from a decimal or whole number to a decimal or DOUBLE; undefined when doubles do not serve. */
export function emitExactCast(
  value: Emitted,
  from: DataType,
  to: DataType,
  slow: Code,
  nullable: boolean,
  ctx: EmitContext,
): Emitted | undefined {
  if (to.kind !== "decimal" && (to.kind !== "double" || from.kind !== "decimal")) return undefined;
  const exact = exactOf(value, from, ctx);
  if (exact === undefined) return undefined;
  const scale = from.kind === "decimal" ? from.scale : 0;
  if (to.kind === "decimal") {
    const moved = rescaled(intermediate(exact), scale, to.scale, ctx);
    return moved === undefined ? undefined : settled(moved, to, slow, nullable, ctx);
  }
  if (scale > maximumPower) return undefined;
  // Both are exact, so the quotient is the nearest double; adding 0 makes −0 the 0 that it is.
  const quotient = js`${exact.number} / ${number(10 ** scale)} + 0`;
  const nearest = exact.wide === undefined ? quotient : js`${exact.number} === ${exact.number} ? ${quotient} : ${slow}`;
  return { shape: "fixed", isNull: js.false, value: local(ctx, "v", nearest) };
}

/** The truth of a relation between two decimals of one scale: on doubles where both are exact. */
export function exactRelation(relation: (a: Code, b: Code) => Code, a: Emitted, b: Emitted): Code {
  assertInvariant(a.shape === "boxed" && b.shape === "boxed", "a decimal is a single value");
  const [x, y] = [a.exact, b.exact];
  const wide = relation(a.value, b.value);
  if (x === undefined || y === undefined) return wide;
  const near = relation(x.number, y.number);
  const checks = [x, y].filter((side) => side.wide !== undefined).map((side) => js`${side.number} === ${side.number}`);
  const [first, second] = checks;
  if (first === undefined) return near;
  return js`(${second === undefined ? first : js`${first} && ${second}`} ? ${near} : ${wide})`;
}
