import { bigintType, type DataType, type DecimalType, doubleType, intType, isIntegral } from "../../types/data-type.ts";
import { fixedLocal, js, local, valueOf } from "../code.ts";
import {
  boundedDecimal,
  ceilDecimal,
  decimalFor,
  decimalFromNumber,
  decimalText,
  divideHalfUp,
  fitsPrecision,
  floorDecimal,
  powerOfTen,
  rescale,
} from "../decimal.ts";
import { findOperandType, readTexts } from "../coercion.ts";
import type { Code } from "../emitter.ts";
import { bindCast } from "../casts.ts";
import type { ArgumentInfo, ScalarFunction } from "../function.ts";
import { decimalOutOfRange, overflow } from "../kernels/checked.ts";
import { xorShiftRandom } from "../kernels/random.ts";
import {
  type CallInfo,
  classes,
  coerceArgument,
  misfitOperands,
  requireLiteral,
  type Resolve,
  signature,
  unexpectedInput,
} from "../resolution.ts";
import { widthName, wrapNumber } from "../integer-width.ts";
import { type RecordFields, scalarRecord } from "./scalar-record.ts";

const group = "Math";

type Fields = Omit<RecordFields, "examples"> & { readonly sql: string; readonly result: string };
const mathFunction = ({ sql, result, ...fields }: Fields): ScalarFunction =>
  scalarRecord(group, { ...fields, examples: [[sql, result]] });

/** A function of one DOUBLE that JavaScript has. */
function ofDouble(
  name: string,
  f: (x: number) => number,
  code: ((x: Code) => Code) | undefined,
  summary: string,
  sql: string,
  result: string,
): ScalarFunction {
  return mathFunction({
    name,
    arity: [1, 1],
    resolve: signature([doubleType], doubleType),
    bind: () => (x) => f(x as number),
    emit: { emit: ([x], ctx) => fixedLocal(ctx, code?.(valueOf(x!)) ?? js`${ctx.bind(f)}(${valueOf(x!)})`) },
    usage: `${name}(expr)`,
    summary,
    sql,
    result,
  });
}

/** A logarithm: NULL where it is not defined, as Spark has it in every mode. */
function logarithm(
  name: string,
  f: (x: number) => number,
  least: number,
  summary: string,
  sql: string,
  result: string,
): ScalarFunction {
  return mathFunction({
    name,
    arity: [1, 1],
    resolve: signature([doubleType], doubleType),
    canReturnNull: true,
    bind: () => (x) => ((x as number) <= least ? null : f(x as number)),
    emit: {
      emit([x], ctx) {
        const isNull = local(ctx, "n", js`${valueOf(x!)} <= ${least === 0 ? js`0` : js`-1`}`);
        return fixedLocal(ctx, js`${ctx.bind(f)}(${valueOf(x!)})`, isNull);
      },
    },
    usage: `${name}(expr)`,
    summary,
    sql,
    result,
  });
}

/** The constant number of digits of a rounding. */
function digitsOf(arg: ArgumentInfo, call: CallInfo): number {
  const value = requireLiteral(arg, "scale", call);
  if (value === null) return 0;
  return Number(bindCast(arg.type, coerceArgument(arg, intType, 1, call), "ansi", "UTC")(value));
}

/** ROUND's result: whole digits of the decimal, `digits` of its fraction; other numbers keep their type. */
const resolveRound: Resolve = (args, call) => {
  const type = coerceArgument(args[0]!, classes.numeric, 0, call);
  const digits = args[1] === undefined ? 0 : digitsOf(args[1], call);
  const rest = args[1] === undefined ? [] : [intType];
  if (type.kind !== "decimal") return { args: [type, ...rest], returns: type };
  const whole = type.precision - type.scale + 1;
  const returns =
    digits < 0
      ? boundedDecimal(Math.max(whole, -digits + 1), 0)
      : boundedDecimal(whole + Math.min(type.scale, digits), Math.min(type.scale, digits));
  return { args: [type, ...rest], returns };
};

type RoundDivision = (a: bigint, b: bigint) => bigint;
/** `a / b` rounded half to even. */
const divideHalfEven: RoundDivision = (a, b) => {
  const up = divideHalfUp(a, b);
  const twice = 2n * (a - up * b);
  return (twice === b || twice === -b) && up % 2n !== 0n ? up - (a < 0n ? -1n : 1n) : up;
};
function roundNumber(value: number, digits: number, divide: RoundDivision): number {
  if (!Number.isFinite(value)) return value;
  const scale = Math.max(digits, 0) + 25;
  // The shortest decimal text of the number is rounded, as Spark's BigDecimal(Double.toString(x)).
  const unscaled = decimalFromNumber(value, scale);
  if (unscaled === undefined || Math.abs(value) >= 1e21) return value;
  const rounded = divide(unscaled, powerOfTen(scale - digits));
  return digits >= 0 ? Number(decimalText(rounded, digits)) : Number(rounded * powerOfTen(-digits));
}
function round(
  name: "round" | "bround",
  divide: RoundDivision,
  summary: string,
  sql: string,
  result: string,
): ScalarFunction {
  return mathFunction({
    name,
    arity: [1, 2],
    resolve: resolveRound,
    canReturnNull: (args, ansi) => !ansi && args[0]!.type.kind === "decimal",
    bind: ({ args, returns }, context) => {
      const type = args[0]!;
      if (type.kind === "decimal") {
        const to = returns as DecimalType;
        return (value, digits) => {
          const d = digits === undefined ? 0 : (digits as number);
          const rounded =
            d >= type.scale
              ? (value as bigint)
              : divide(value as bigint, powerOfTen(type.scale - d)) * (d < 0 ? powerOfTen(-d) : 1n);
          const unscaled = d >= type.scale ? rescale(rounded, type.scale, to.scale) : rounded;
          if (fitsPrecision(unscaled, to.precision)) return unscaled;
          return context.ansi ? decimalOutOfRange(decimalText(unscaled, to.scale), to) : null;
        };
      }
      if (isIntegral(type)) {
        const wrap = wrapNumber(type.kind);
        return (value, digits) => {
          const d = digits === undefined ? 0 : (digits as number);
          if (d >= 0) return value!;
          const unit = powerOfTen(-d);
          const rounded = divide(BigInt(value as number | bigint), unit) * unit;
          const exact = type.kind === "bigint" ? BigInt.asIntN(64, rounded) : wrap(Number(BigInt.asIntN(32, rounded)));
          if (BigInt(exact) !== rounded && context.ansi) overflow(`${widthName(type.kind)} overflow`);
          return exact;
        };
      }
      const cut: (x: number) => number = type.kind === "float" ? Math.fround : (x) => x;
      return (value, digits) =>
        cut(roundNumber(value as number, digits === undefined ? 0 : (digits as number), divide));
    },
    usage: `${name}(expr[, digits])`,
    summary,
    sql,
    result,
  });
}

/** FLOOR and CEIL to digits are decimals, of any number. */
const resolveScaled: Resolve = (args, call) => {
  const number = coerceArgument(args[0]!, classes.numeric, 0, call);
  const digits = digitsOf(args[1]!, call);
  const type = decimalFor(number)!;
  const scale = Math.min(type.scale, Math.max(0, digits));
  const whole = type.precision - type.scale + 1;
  const precision = digits < 0 ? Math.max(whole, -digits + 1) : whole + scale;
  return { args: [type, intType], returns: boundedDecimal(precision, scale) };
};

/** FLOOR and CEIL: BIGINT of doubles and integers, scale 0 of decimals. */
function whole(
  name: "floor" | "ceil",
  aliases: readonly string[],
  ofNumber: (x: number) => number,
  ofDecimal: (v: bigint, scale: number) => bigint,
  sql: string,
  result: string,
): ScalarFunction {
  const toLong = (x: number, ansi: boolean): bigint => {
    const cut = ofNumber(x);
    if (ansi && !(cut >= -(2 ** 63) && cut < 2 ** 63)) overflow(`${name} of a number beyond BIGINT`);
    if (Number.isNaN(cut)) return 0n;
    // Java's narrowing holds at the ends of the range.
    return cut >= 2 ** 63 ? 2n ** 63n - 1n : cut < -(2 ** 63) ? -(2n ** 63n) : BigInt(cut);
  };
  return mathFunction({
    name,
    aliases,
    arity: [1, 2],
    resolve: (args, call) => {
      if (args[1] !== undefined) return resolveScaled(args, call);
      const type = coerceArgument(args[0]!, classes.numeric, 0, call);
      if (type.kind === "decimal") return { args: [type], returns: boundedDecimal(type.precision - type.scale + 1, 0) };
      return { args: [isIntegral(type) ? bigintType : doubleType], returns: bigintType };
    },
    bind: ({ args }, { ansi }, infos) => {
      const type = args[0]!;
      if (args.length === 2) {
        const digits = (infos[1]?.literal?.value ?? 0) as number;
        const { scale } = type as DecimalType;
        return (v) =>
          digits >= scale ? v! : ofDecimal(v as bigint, scale - digits) * (digits < 0 ? powerOfTen(-digits) : 1n);
      }
      if (type.kind === "decimal") return (v) => ofDecimal(v as bigint, type.scale);
      return type.kind === "bigint" ? (v) => v! : (v) => toLong(v as number, ansi);
    },
    usage: `${name}(expr[, digits])`,
    summary: `The ${name === "floor" ? "greatest whole number not above" : "least whole number not below"} the number; with digits after the point, as a DECIMAL.`,
    sql,
    result,
  });
}

/** The nearest double in nearly all cases, which Math.hypot is not. */
function hypotenuse(a: number, b: number): number {
  const sum = a * a + b * b;
  return sum > 1e-290 && sum < 1e300 ? Math.sqrt(sum) : Math.hypot(a, b);
}

const bits = (type: DataType): 32 | 64 => (type.kind === "bigint" ? 64 : 32);
type BitOperation = {
  readonly int: (a: number, b: number) => number;
  readonly long: (a: bigint, b: bigint) => bigint;
  readonly code: (a: Code, b: Code) => Code;
};
const resolveBitwise: Resolve = (args, call) => {
  const [a, b] = readTexts(args[0]!.type, args[1]!.type, "arithmetic", call.ansi);
  const common = a.kind === "null" && b.kind === "null" ? intType : findOperandType(a, b, call.ansi);
  if (common === undefined || !isIntegral(common)) throw misfitOperands(a, b, "INTEGRAL", call);
  return { args: [common, common], returns: common };
};
function bitwise(symbol: "&" | "|" | "^", op: BitOperation, what: string, sql: string, result: string): ScalarFunction {
  return mathFunction({
    name: symbol,
    arity: [2, 2],
    resolve: resolveBitwise,
    bind: ({ returns }) =>
      bits(returns) === 64 ? (a, b) => op.long(a as bigint, b as bigint) : (a, b) => op.int(a as number, b as number),
    emit: {
      emit([a, b], ctx, { returns }) {
        const code = op.code(valueOf(a!), valueOf(b!));
        return fixedLocal(ctx, bits(returns) === 64 ? js`BigInt.asIntN(64, ${code})` : js`(${code})`);
      },
    },
    usage: `expr1 ${symbol} expr2`,
    summary: `${what} of the bits of two integers.`,
    sql,
    result,
  });
}

function shift(
  name: string,
  alias: string,
  int: (a: number, n: number) => number,
  long: (a: bigint, n: bigint) => bigint,
  sql: string,
  result: string,
): ScalarFunction {
  return mathFunction({
    name,
    aliases: [alias],
    arity: [2, 2],
    resolve: (args, call) => {
      const type = args[0]!.type.kind === "bigint" ? bigintType : coerceArgument(args[0]!, intType, 0, call);
      return { args: [type, coerceArgument(args[1]!, intType, 1, call)], returns: type };
    },
    bind: ({ returns }) =>
      bits(returns) === 64
        ? (a, n) => BigInt.asIntN(64, long(a as bigint, BigInt((n as number) & 63)))
        : (a, n) => int(a as number, n as number) | 0,
    usage: `${name}(expr, n), expr ${alias} n`,
    summary: "The bits of an integer shifted.",
    sql,
    result,
  });
}

export const math: readonly ScalarFunction[] = [
  round("round", divideHalfUp, "Rounded to digits after the point (0), halves away from zero.", "round(2.5, 0)", "3"),
  round(
    "bround",
    divideHalfEven,
    "Rounded to digits after the point (0), halves to the even digit.",
    "bround(2.5, 0)",
    "2",
  ),
  whole("floor", [], Math.floor, floorDecimal, "floor(-0.1)", "-1"),
  whole("ceil", ["ceiling"], Math.ceil, ceilDecimal, "ceil(-0.1)", "0"),
  ofDouble("sqrt", Math.sqrt, (x) => js`Math.sqrt(${x})`, "Square root; NaN of a negative number.", "sqrt(4)", "2.0"),
  ofDouble("cbrt", Math.cbrt, undefined, "Cube root.", "cbrt(27.0)", "3.0"),
  ofDouble("exp", Math.exp, undefined, "e to the power of the number.", "exp(0)", "1.0"),
  logarithm("ln", Math.log, 0, "Natural logarithm; NULL unless positive.", "ln(1)", "0.0"),
  logarithm("log10", Math.log10, 0, "Logarithm to base 10; NULL unless positive.", "log10(10)", "1.0"),
  logarithm("log2", Math.log2, 0, "Logarithm to base 2; NULL unless positive.", "log2(2)", "1.0"),
  logarithm("log1p", Math.log1p, -1, "Natural logarithm of one more than the number.", "log1p(0)", "0.0"),
  mathFunction({
    name: "log",
    arity: [1, 2],
    resolve: signature([doubleType], doubleType),
    canReturnNull: true,
    bind: () => (a, b) => {
      if (b === undefined) return (a as number) <= 0 ? null : Math.log(a as number);
      return (a as number) <= 0 || (b as number) <= 0 ? null : Math.log(b as number) / Math.log(a as number);
    },
    usage: "log([base, ]expr)",
    summary: "Logarithm to a base, or the natural one.",
    sql: "log(10, 100)",
    result: "2.0",
  }),
  mathFunction({
    name: "pow",
    aliases: ["power"],
    arity: [2, 2],
    resolve: signature([doubleType], doubleType),
    bind: () => (a, b) => (a as number) ** (b as number),
    emit: { emit: ([a, b], ctx) => fixedLocal(ctx, js`Math.pow(${valueOf(a!)}, ${valueOf(b!)})`) },
    usage: "pow(expr, exponent)",
    summary: "A number to a power.",
    sql: "pow(2, 3)",
    result: "8.0",
  }),
  ofDouble("sin", Math.sin, undefined, "Sine.", "sin(0)", "0.0"),
  ofDouble("cos", Math.cos, undefined, "Cosine.", "cos(0)", "1.0"),
  ofDouble("tan", Math.tan, undefined, "Tangent.", "tan(0)", "0.0"),
  ofDouble("asin", Math.asin, undefined, "Arc sine.", "asin(0)", "0.0"),
  ofDouble("acos", Math.acos, undefined, "Arc cosine.", "acos(1)", "0.0"),
  ofDouble("atan", Math.atan, undefined, "Arc tangent.", "atan(0)", "0.0"),
  ofDouble("degrees", (x) => (x * 180) / Math.PI, undefined, "Degrees of an angle in radians.", "degrees(0)", "0.0"),
  ofDouble("radians", (x) => (x / 180) * Math.PI, undefined, "Radians of an angle in degrees.", "radians(0)", "0.0"),
  mathFunction({
    name: "atan2",
    arity: [2, 2],
    resolve: signature([doubleType], doubleType),
    // Spark adds 0.0, which takes the sign from −0.0.
    bind: () => (y, x) => Math.atan2((y as number) + 0, (x as number) + 0),
    usage: "atan2(y, x)",
    summary: "Angle of a point.",
    sql: "atan2(0, 1)",
    result: "0.0",
  }),
  mathFunction({
    name: "hypot",
    arity: [2, 2],
    resolve: signature([doubleType], doubleType),
    bind: () => (a, b) => hypotenuse(a as number, b as number),
    usage: "hypot(a, b)",
    summary: "Square root of the sum of two squares.",
    sql: "hypot(3, 4)",
    result: "5.0",
  }),
  mathFunction({
    name: "pi",
    arity: [0, 0],
    resolve: () => ({ args: [], returns: doubleType }),
    bind: () => () => Math.PI,
    usage: "pi()",
    summary: "π.",
    sql: "pi()",
    result: "3.141592653589793",
  }),
  mathFunction({
    name: "e",
    arity: [0, 0],
    resolve: () => ({ args: [], returns: doubleType }),
    bind: () => () => Math.E,
    usage: "e()",
    summary: "Euler's number.",
    sql: "e()",
    result: "2.718281828459045",
  }),
  mathFunction({
    name: "rand",
    aliases: ["random"],
    arity: [0, 1],
    resolve: (args, call) => {
      if (args[0] !== undefined) requireLiteral(args[0], "seed", call);
      if (args[0]?.type.kind === "string") throw unexpectedInput(args[0], "(INT or BIGINT)", 0, call);
      return signature([bigintType], doubleType)(args, call);
    },
    deterministic: false,
    nulls: "custom",
    bind: (_types, context, args) => {
      const given = args[0]?.literal?.value;
      // The batch's seed is one for each partition already.
      if (args[0] === undefined) return xorShiftRandom(context.seed);
      return xorShiftRandom(
        BigInt.asIntN(64, BigInt((given ?? 0) as number | bigint) + BigInt(context.partition ?? 0)),
      );
    },
    usage: "rand([seed])",
    summary:
      "Random DOUBLE from 0 up to 1. Without a seed of its own it takes the batch's, so that a replay draws the same.",
    sql: "rand() < 1",
    result: "true",
  }),
  bitwise("&", { int: (a, b) => a & b, long: (a, b) => a & b, code: (a, b) => js`${a} & ${b}` }, "AND", "3 & 5", "1"),
  bitwise("|", { int: (a, b) => a | b, long: (a, b) => a | b, code: (a, b) => js`${a} | ${b}` }, "OR", "3 | 5", "7"),
  bitwise(
    "^",
    { int: (a, b) => a ^ b, long: (a, b) => a ^ b, code: (a, b) => js`${a} ^ ${b}` },
    "Exclusive OR",
    "3 ^ 5",
    "6",
  ),
  mathFunction({
    name: "~",
    arity: [1, 1],
    resolve: signature([classes.integral], ([t]) => t!),
    bind: ({ returns }) => (bits(returns) === 64 ? (a) => ~(a as bigint) : (a) => ~(a as number)),
    emit: {
      emit: ([a], ctx, { returns }) =>
        fixedLocal(ctx, bits(returns) === 64 ? js`BigInt.asIntN(64, ~${valueOf(a!)})` : js`~${valueOf(a!)}`),
    },
    usage: "~ expr",
    summary: "The opposite bits of an integer.",
    sql: "~ 0",
    result: "-1",
  }),
  shift(
    "shiftleft",
    "<<",
    (a, n) => a << n,
    (a, n) => a << n,
    "shiftleft(2, 1)",
    "4",
  ),
  shift(
    "shiftright",
    ">>",
    (a, n) => a >> n,
    (a, n) => a >> n,
    "shiftright(4, 1)",
    "2",
  ),
  shift(
    "shiftrightunsigned",
    ">>>",
    (a, n) => a >>> n,
    (a, n) => BigInt.asUintN(64, a) >> n,
    "shiftrightunsigned(4, 1)",
    "2",
  ),
];
