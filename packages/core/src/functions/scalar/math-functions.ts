/** Hyperbolic and other less frequent functions of mathematics, buckets, and signs of intervals. */
import { bigintType, type DataType, doubleType, intType, isNumeric, type SqlValue } from "../../types/data-type.ts";
import { fixedLocal, js, valueOf } from "../code.ts";
import { isInterval } from "../coercion.ts";
import type { ScalarFunction } from "../function.ts";
import { bindCast } from "../casts.ts";
import { type CallInfo, commonOf, coerceArgument, signature, unexpectedInput } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

const group = "Math";

function ofDouble(
  name: string,
  f: (x: number) => number,
  summary: string,
  sql: string,
  result: string,
): ScalarFunction {
  return stringFunction({
    group,
    name,
    arity: [1, 1],
    resolve: signature([doubleType], doubleType),
    bind: () => (x) => f(x as number),
    emit: { emit: ([x], ctx) => fixedLocal(ctx, js`${ctx.bind(f)}(${valueOf(x!)})`) },
    usage: `${name}(expr)`,
    summary,
    examples: example(sql, result),
  });
}

/** Half to even, as Java's Math.rint; keeps the sign of zero. */
function roundToEven(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const floor = Math.floor(x);
  const rest = x - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

const factorials: readonly bigint[] = Array.from({ length: 21 }).reduce<bigint[]>(
  (all, _, n) => [...all, n === 0 ? 1n : all[n - 1]! * BigInt(n)],
  [],
);

function bucketOf(value: number, low: number, high: number, count: bigint): bigint | null {
  const badBound = !Number.isFinite(low) || !Number.isFinite(high);
  if (count <= 0n || count === 2n ** 63n - 1n || Number.isNaN(value) || low === high || badBound) return null;
  const [lower, upper] = [Math.min(low, high), Math.max(low, high)];
  if (low < high ? value < lower : value > upper) return 0n;
  if (low < high ? value >= upper : value <= lower) return count + 1n;
  const part = low < high ? value - lower : upper - value;
  return BigInt(Math.floor((Number(count) * part) / (upper - lower))) + 1n;
}
function resolveBucket(
  args: Parameters<ScalarFunction["resolve"]>[0],
  call: CallInfo,
): ReturnType<ScalarFunction["resolve"]> {
  const first = args[0]!.type;
  const count = coerceArgument(args[3]!, bigintType, 3, call);
  if (!isInterval(first))
    return {
      args: [...args.slice(0, 3).map((a, i) => coerceArgument(a, doubleType, i, call)), count],
      returns: bigintType,
    };
  const types = args.slice(0, 3).map((arg, i): DataType => {
    if (arg.type.kind !== first.kind) throw unexpectedInput(arg, "INTERVAL", i, call);
    return arg.type;
  });
  return { args: [...types, count], returns: bigintType };
}

/** −1.0, 0.0 or 1.0 of a number or an interval. */
const sign: ScalarFunction = stringFunction({
  group,
  name: "signum",
  arity: [1, 1],
  resolve: (args, call) => {
    const { type } = args[0]!;
    return { args: [isInterval(type) ? type : coerceArgument(args[0]!, doubleType, 0, call)], returns: doubleType };
  },
  bind: () => (x) => (typeof x === "bigint" ? (x > 0n ? 1 : x < 0n ? -1 : 0) : Math.sign(x as number)),
  usage: "signum(expr), sign(expr)",
  summary: "−1.0, 0.0 or 1.0 of a number or an interval.",
  examples: example("signum(40)", "1.0"),
});

const zeroIsNull = (value: SqlValue): boolean => value === 0 || value === 0n;

export const mathFunctions: readonly ScalarFunction[] = [
  sign,
  { ...sign, name: "sign", doc: { ...sign.doc, examples: [{ sql: "sign(-5.5)", result: "-1.0" }] } },
  ofDouble("rint", roundToEven, "The nearest whole number as DOUBLE, halves to the even one.", "rint(2.5)", "2.0"),
  ofDouble("expm1", Math.expm1, "e to the power of the number, minus one.", "expm1(0)", "0.0"),
  ofDouble("cosh", Math.cosh, "Hyperbolic cosine.", "cosh(0)", "1.0"),
  ofDouble("sinh", Math.sinh, "Hyperbolic sine.", "sinh(0)", "0.0"),
  ofDouble("tanh", Math.tanh, "Hyperbolic tangent.", "tanh(0)", "0.0"),
  ofDouble("acosh", Math.acosh, "Inverse hyperbolic cosine.", "acosh(1)", "0.0"),
  ofDouble("asinh", Math.asinh, "Inverse hyperbolic sine.", "asinh(0)", "0.0"),
  ofDouble("atanh", Math.atanh, "Inverse hyperbolic tangent.", "atanh(0)", "0.0"),
  ofDouble("cot", (x) => 1 / Math.tan(x), "Cotangent.", "cot(1)", "0.6420926159343306"),
  ofDouble("csc", (x) => 1 / Math.sin(x), "Cosecant.", "csc(1)", "1.1883951057781212"),
  ofDouble("sec", (x) => 1 / Math.cos(x), "Secant.", "sec(0)", "1.0"),
  stringFunction({
    group,
    name: "factorial",
    arity: [1, 1],
    resolve: (args, call) => {
      const { type } = args[0]!;
      if (type.kind !== "null" && type.kind !== "string" && !isNumeric(type))
        throw unexpectedInput(args[0]!, "INT", 0, call);
      return signature([intType], bigintType)(args, call);
    },
    canReturnNull: true,
    bind: () => (n) => factorials[n as number] ?? null,
    usage: "factorial(expr)",
    summary: "The factorial of a number from 0 to 20, else NULL.",
    examples: example("factorial(5)", "120"),
  }),
  stringFunction({
    group,
    name: "width_bucket",
    arity: [4, 4],
    resolve: resolveBucket,
    canReturnNull: true,
    bind: () => (value, low, high, count) => bucketOf(Number(value), Number(low), Number(high), count as bigint),
    usage: "width_bucket(value, min, max, buckets)",
    summary:
      "Which of equally wide buckets a value falls into, from 1; 0 below them, one more than their number above.",
    examples: example("width_bucket(5.3, 0.2, 10.6, 5)", "3"),
  }),
  stringFunction({
    group: "Conditional",
    name: "nullifzero",
    arity: [1, 1],
    resolve: (args, call) => {
      const { type } = args[0]!;
      if (type.kind !== "null" && !isNumeric(type)) throw unexpectedInput(args[0]!, "NUMERIC", 0, call);
      return { args: [type], returns: type };
    },
    canReturnNull: true,
    bind: () => (value) => (zeroIsNull(value!) ? null : value!),
    usage: "nullifzero(expr)",
    summary: "NULL for zero, else the number.",
    examples: example("nullifzero(0)", "NULL"),
  }),
  stringFunction({
    group: "Conditional",
    name: "zeroifnull",
    arity: [1, 1],
    resolve: (args, call) => {
      const common = commonOf("coalesce", [args[0]!.type, intType], call);
      return { args: [common], returns: common };
    },
    nulls: "custom",
    bind: ({ returns }, context) => {
      const zero = bindCast(intType, returns, "legacy", context.timeZone)(0);
      return (value) => (value === null ? zero : value!);
    },
    usage: "zeroifnull(expr)",
    summary: "Zero for NULL, else the number.",
    examples: example("zeroifnull(NULL)", "0"),
  }),
];
