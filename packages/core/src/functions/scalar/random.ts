/** Random numbers and texts, number for number those of Spark for a given seed and partition. */
import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
  type DataType,
  doubleType,
  intType,
  isNumeric,
  type SqlValue,
  stringType,
} from "../../types/data-type.ts";
import { bindCast } from "../casts.ts";
import { commonTypeOf } from "../coercion.ts";
import type { ArgumentInfo, EvalContext, ScalarFunction } from "../function.ts";
import { mersenneTwister, xorShiftBits, xorShiftGaussian, xorShiftRandom } from "../kernels/random.ts";
import { type CallInfo, coerceArgument, requireLiteral, unexpectedInput } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

/** The seed of a call: its own (NULL stands for 0) and the partition, or the batch's, which is one for each partition already. */
function seedOf(arg: ArgumentInfo | undefined, context: EvalContext): bigint {
  if (arg === undefined) return context.seed;
  return BigInt.asIntN(64, BigInt((arg.literal?.value ?? 0) as number | bigint) + BigInt(context.partition ?? 0));
}
function resolveSeed(arg: ArgumentInfo | undefined, index: number, call: CallInfo): readonly DataType[] {
  if (arg === undefined) return [];
  requireLiteral(arg, "seed", call);
  if (arg.type.kind === "string") throw unexpectedInput(arg, "(INT or BIGINT)", index, call);
  return [coerceArgument(arg, bigintType, index, call)];
}

const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
function randomText(next: (bits: number) => number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += letters[Math.abs((next(32) | 0) % letters.length)]!;
  return text;
}
function randomUuid(next: () => number): string {
  const words = [next(), (next() & 0xffff0fff) | 0x4000, (next() & 0x3fffffff) | 0x80000000, next()];
  const hex = words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const random = { group: "Math", nulls: "custom", canReturnNull: false, deterministic: false } as const;

export const randomFunctions: readonly ScalarFunction[] = [
  stringFunction({
    ...random,
    name: "randn",
    arity: [0, 1],
    resolve: (args, call) => ({ args: resolveSeed(args[0], 0, call), returns: doubleType }),
    bind: (_types, context, args) => {
      const next = xorShiftGaussian(seedOf(args[0], context));
      return () => next();
    },
    usage: "randn([seed])",
    summary: "Random DOUBLE of the standard normal distribution; without a seed of its own it takes the batch's.",
    examples: example("randn(0)", "1.6034991609278433"),
  }),
  stringFunction({
    ...random,
    name: "uniform",
    arity: [2, 3],
    resolve: (args, call) => {
      requireLiteral(args[0], "min", call);
      requireLiteral(args[1], "max", call);
      const bounds = args.slice(0, 2).map(({ type }, i) => {
        if (!isNumeric(type) && type.kind !== "null") throw unexpectedInput(args[i]!, "NUMERIC", i, call);
        return type;
      });
      const returns = bounds.some(({ kind }) => kind === "null") ? doubleType : commonTypeOf(bounds)!;
      return { args: [returns, returns, ...resolveSeed(args[2], 2, call)], returns };
    },
    canReturnNull: (args) => args.slice(0, 2).some(({ nullable }) => nullable),
    bind: ({ returns }, context, args) => {
      const [low, high] = args.map((arg) => arg.literal?.value ?? null) as [SqlValue, SqlValue];
      if (low === null || high === null) return () => null;
      const toNumber = bindCast(returns, doubleType, "ansi", context.timeZone);
      const [from, until] = [toNumber(low) as number, toNumber(high) as number];
      const toType = bindCast(doubleType, returns, "ansi", context.timeZone);
      const next = xorShiftRandom(seedOf(args[2], context));
      return () => toType(from + (until - from) * next());
    },
    usage: "uniform(min, max[, seed])",
    summary: "Random number of the bounds' type, from min up to max. The bounds are constants.",
    examples: example("uniform(10, 20, 0)", "17"),
  }),
  stringFunction({
    ...random,
    group: "String",
    name: "randstr",
    arity: [1, 2],
    resolve: (args, call) => {
      const length = requireLiteral(args[0], "length", call);
      if (typeof length === "number" && length < 0)
        throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
          sqlExpr: call.sql,
          exprName: "`length`",
          valueRange: "[0, 2147483647]",
          currentValue: String(length),
        });
      return {
        args: [coerceArgument(args[0]!, intType, 0, call), ...resolveSeed(args[1], 1, call)],
        returns: stringType,
      };
    },
    bind: (_types, context, args) => {
      const length = (args[0]?.literal?.value ?? 0) as number;
      const next = xorShiftBits(seedOf(args[1], context));
      return () => randomText(next, length);
    },
    usage: "randstr(length[, seed])",
    summary: "Random text of digits and letters.",
    examples: example("randstr(5, 0)", "ceV0P"),
  }),
  stringFunction({
    ...random,
    group: "String",
    name: "uuid",
    arity: [0, 1],
    resolve: (args, call) => ({ args: resolveSeed(args[0], 0, call), returns: stringType }),
    bind: (_types, context, args) => {
      const next = mersenneTwister(seedOf(args[0], context));
      return () => randomUuid(next);
    },
    usage: "uuid([seed])",
    summary:
      "Random UUID (version 4). Without a seed of its own it takes the batch's, so that a replay gives the same.",
    examples: example("uuid(0)", "269567e9-5d09-4af5-b20f-16851fc4a81a"),
  }),
];
