/** Aggregates over bits: of integers, and of bitmaps, which mark up to 32,768 positions in 4,096 bytes. */
import { MillraceError } from "../../errors/index.ts";
import { bigintType, binaryType, doubleType, isIntegral, type SqlValue } from "../../types/data-type.ts";
import type { AggregateFunction } from "../function.ts";
import { type Resolve, signature, unexpectedInput } from "../resolution.ts";
import { objectAccumulators } from "./object-accumulators.ts";

const group = "Aggregate";

const integral: Resolve = (args, call) => {
  const { type } = args[0]!;
  if (type.kind === "null") return { args: [bigintType], returns: bigintType };
  if (!isIntegral(type)) throw unexpectedInput(args[0]!, "INTEGRAL", 0, call);
  return { args: [type], returns: type };
};

function bitwise(
  name: string,
  summary: string,
  small: (a: number, b: number) => number,
  large: (a: bigint, b: bigint) => bigint,
): AggregateFunction {
  return {
    name,
    since: "0.2.0",
    arity: [1, 1],
    resolve: integral,
    nullable: true,
    orderIndependent: true,
    buffer: ({ returns }) => [{ name, type: returns, nullable: true }],
    bind() {
      const combined = (state: SqlValue, [value]: readonly SqlValue[]): SqlValue => {
        if (value === null || value === undefined) return state;
        if (state === null) return value;
        return typeof value === "bigint" ? large(state as bigint, value) : small(state as number, value as number);
      };
      return objectAccumulators<SqlValue>({
        create: () => null,
        update: combined,
        save: (state) => [state],
        merge: combined,
        evaluate: (state) => state,
        memoryBytes: () => 16,
      });
    },
    doc: { group, usage: `${name}(expr)`, summary, examples: [{ sql: `${name}(3)`, result: "3" }] },
  };
}

const bitmapBytes = 4096;

function bitmap(
  name: string,
  resolve: Resolve,
  summary: string,
  example: { readonly sql: string; readonly result: string }[],
  add: (state: Uint8Array, value: SqlValue) => void,
  start = 0,
  merge: (state: Uint8Array, other: Uint8Array) => void = unite,
): AggregateFunction {
  return {
    name,
    since: "0.2.0",
    arity: [1, 1],
    resolve,
    nullable: false,
    orderIndependent: true,
    buffer: () => [{ name: "bitmap", type: binaryType, nullable: false }],
    bind: () =>
      objectAccumulators<Uint8Array>({
        create: () => new Uint8Array(bitmapBytes).fill(start),
        update(state, [value]) {
          if (value !== null && value !== undefined) add(state, value);
          return state;
        },
        save: (state) => [state.slice()],
        merge(state, [bytes]) {
          if (bytes instanceof Uint8Array) merge(state, bytes);
          return state;
        },
        evaluate: (state) => state.slice(),
        memoryBytes: () => bitmapBytes + 64,
      }),
    doc: { group, usage: `${name}(expr)`, summary, examples: example },
  };
}
function unite(state: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < Math.min(state.length, other.length); i++) state[i]! |= other[i]!;
}
/** Bytes that the other bitmap has not got count as empty. */
function intersect(state: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < state.length; i++) state[i]! &= other[i] ?? 0;
}

export const bitAggregates: readonly AggregateFunction[] = [
  bitwise(
    "bit_and",
    "The bits that all integers have.",
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bitwise(
    "bit_or",
    "The bits that an integer has.",
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bitwise(
    "bit_xor",
    "The bits that an odd number of integers have.",
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  bitmap(
    "bitmap_construct_agg",
    signature([bigintType], binaryType),
    "A bitmap of the positions, from 0 to 32,767, that occur. Other positions are errors.",
    [{ sql: "length(bitmap_construct_agg(1))", result: "4096" }],
    (state, value) => {
      const position = value as bigint;
      if (position < 0n || position >= BigInt(bitmapBytes * 8)) {
        throw new MillraceError("INVALID_BITMAP_POSITION", {
          bitPosition: String(position),
          bitmapNumBytes: String(bitmapBytes),
          bitmapNumBits: String(bitmapBytes * 8),
        });
      }
      const at = Number(position);
      state[at >> 3]! |= 1 << (at & 7);
    },
  ),
  bitmap(
    "bitmap_or_agg",
    signature([binaryType], binaryType),
    "The union of bitmaps.",
    [{ sql: "length(bitmap_or_agg(X'01'))", result: "4096" }],
    (state, value) => unite(state, value as Uint8Array),
  ),
  bitmap(
    "bitmap_and_agg",
    signature([binaryType], binaryType),
    "The intersection of bitmaps.",
    [{ sql: "length(bitmap_and_agg(X'01'))", result: "4096" }],
    (state, value) => intersect(state, value as Uint8Array),
    0xff,
    intersect,
  ),
  {
    name: "product",
    since: "0.2.0",
    arity: [1, 1],
    resolve: signature([doubleType], doubleType),
    nullable: true,
    orderIndependent: true,
    buffer: () => [{ name: "product", type: doubleType, nullable: true }],
    bind() {
      const times = (state: SqlValue, [value]: readonly SqlValue[]): SqlValue =>
        value === null || value === undefined ? state : ((state as number | null) ?? 1) * (value as number);
      return objectAccumulators<SqlValue>({
        create: () => null,
        update: times,
        save: (state) => [state],
        merge: times,
        evaluate: (state) => state,
        memoryBytes: () => 16,
      });
    },
    doc: {
      group,
      usage: "product(expr)",
      summary: "Product of the values as DOUBLE; NULL for no rows.",
      examples: [{ sql: "product(3)", result: "3.0" }],
    },
  },
];
