/** Counting and looking at bits, and the addressing of bitmaps. */
import { MillraceError } from "../../errors/index.ts";
import { bigintType, binaryType, intType, isIntegral, type SqlValue, tinyintType } from "../../types/data-type.ts";
import { bytesOf, fixedLocal, js } from "../code.ts";
import type { ScalarFunction } from "../function.ts";
import { classes, coerceArgument, signature, unexpectedInput } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

const group = "Bitwise";

function countOf(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return (((x + (x >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
const countOfLong = (value: bigint): number =>
  countOf(Number(BigInt.asIntN(32, value))) + countOf(Number(BigInt.asIntN(32, value >> 32n)));
/** Java widens a negative TINYINT, SMALLINT or INT to 64 bits before it counts. */
const countOfInt = (value: number): number => countOf(value) + (value < 0 ? 32 : 0);
function countOfBytes(bytes: Uint8Array, start: number, end: number): bigint {
  let n = 0;
  for (let i = start; i < end; i++) n += countOf(bytes[i]!);
  return BigInt(n);
}

const widths: Readonly<Record<string, number>> = { tinyint: 8, smallint: 16, int: 32, bigint: 64 };
const bitmapSize = 32768n;

export const bits: readonly ScalarFunction[] = [
  stringFunction({
    group,
    name: "bit_count",
    arity: [1, 1],
    resolve: (args, call) => {
      const { type } = args[0]!;
      if (type.kind === "null") return { args: [intType], returns: intType };
      if (!isIntegral(type) && type.kind !== "boolean")
        throw unexpectedInput(args[0]!, "(INTEGRAL or BOOLEAN)", 0, call);
      return { args: [type], returns: intType };
    },
    bind: ({ args }) => {
      const { kind } = args[0]!;
      if (kind === "boolean") return (value) => (value === true ? 1 : 0);
      return kind === "bigint" ? (value) => countOfLong(value as bigint) : (value) => countOfInt(value as number);
    },
    usage: "bit_count(expr)",
    summary: "How many bits of an integer are 1, as 64 bits; 1 for true and 0 for false.",
    examples: example("bit_count(7)", "3"),
  }),
  stringFunction({
    group,
    name: "bit_get",
    aliases: ["getbit"],
    arity: [2, 2],
    resolve: (args, call) => ({
      args: [coerceArgument(args[0]!, classes.integral, 0, call), coerceArgument(args[1]!, intType, 1, call)],
      returns: tinyintType,
    }),
    bind: ({ args }) => {
      const width = widths[args[0]!.kind]!;
      return (value, position) => {
        const at = position as number;
        if (at < 0 || at >= width)
          throw new MillraceError("INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE", {
            functionName: "`bit_get`",
            upper: String(width),
            invalidValue: String(at),
          });
        return typeof value === "bigint" ? Number((value >> BigInt(at)) & 1n) : ((value as number) >> at) & 1;
      };
    },
    usage: "bit_get(expr, pos), getbit(expr, pos)",
    summary: "One bit of an integer, counted from the right from 0.",
    examples: example("bit_get(11, 2)", "0"),
  }),
  stringFunction({
    group,
    name: "bitmap_bit_position",
    arity: [1, 1],
    resolve: signature([bigintType], bigintType),
    bind: () => (value) => {
      const n = value as bigint;
      return n > 0n ? (n - 1n) % bitmapSize : -n % bitmapSize;
    },
    usage: "bitmap_bit_position(expr)",
    summary: "Where a number has its bit in its bitmap of 32768 bits.",
    examples: example("bitmap_bit_position(123)", "122"),
  }),
  stringFunction({
    group,
    name: "bitmap_bucket_number",
    arity: [1, 1],
    resolve: signature([bigintType], bigintType),
    bind: () => (value) => {
      const n = value as bigint;
      return n > 0n ? 1n + (n - 1n) / bitmapSize : n / bitmapSize;
    },
    usage: "bitmap_bucket_number(expr)",
    summary: "Which bitmap of 32768 bits a number belongs to.",
    examples: example("bitmap_bucket_number(123)", "1"),
  }),
  stringFunction({
    group,
    name: "bitmap_count",
    arity: [1, 1],
    resolve: (args, call) => {
      if (args[0]!.type.kind === "string") throw unexpectedInput(args[0]!, "BINARY", 0, call);
      return signature([binaryType], bigintType)(args, call);
    },
    bind: () => (value: SqlValue | undefined) => countOfBytes(value as Uint8Array, 0, (value as Uint8Array).length),
    emit: { emit: ([arg], ctx) => fixedLocal(ctx, js`${ctx.bind(countOfBytes)}(${bytesOf(arg!)})`) },
    usage: "bitmap_count(bitmap)",
    summary: "How many bits of a bitmap are 1.",
    examples: example("bitmap_count(x'1010')", "2"),
  }),
];
