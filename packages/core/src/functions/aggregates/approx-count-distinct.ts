/**
 * HyperLogLog++ (Heule, Nunkesser, Hall, EDBT 2013) in Spark's layout: 2^p registers of six bits, ten to a 64-bit word, hashed
 * with xxHash64 seeded 42. Small numbers are counted linearly; others are corrected by the measured bias of the estimate.
 */
import { MillraceError } from "../../errors/index.ts";
import { bigintType, doubleType, type SqlValue } from "../../types/data-type.ts";
import type { AggregateFunction, ArgumentInfo } from "../function.ts";
import { hashOf, xxHash64 } from "../kernels/hash.ts";
import { requireLiteral } from "../resolution.ts";
import { bindCast } from "../cast-values.ts";
import { biasTable } from "./hyper-log-log-bias.ts";
import { objectAccumulators } from "./object-accumulators.ts";

const registersPerWord = 10;
const registerBits = 6n;
/** Linear counting is used below these estimates, for p = 4 … 18. */
const thresholds = [10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 11500, 20000, 50000, 120000, 350000];
const defaultDeviation = 0.05;

function precisionOf(deviation: number): number {
  return Math.ceil((2 * Math.log(1.106 / deviation)) / Math.log(2));
}
function deviationOf(arg: ArgumentInfo | undefined): number {
  if (arg === undefined) return defaultDeviation;
  const call = { sql: "approx_count_distinct", ansi: true };
  const deviation = bindCast(arg.type, doubleType, "ansi", "UTC")(requireLiteral(arg, "relativeSD", call)) as number;
  // 4 to 18 bits of the hash choose the register.
  if (!(precisionOf(deviation) >= 4 && precisionOf(deviation) <= 18))
    throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
      sqlExpr: call.sql,
      exprName: "relativeSD",
      valueRange: "[0.0022, 0.39]",
      currentValue: String(deviation),
    });
  return deviation;
}

/** How many of the nearest measurements a bias is the mean of. */
const neighbours = 6;

/** The mean bias at the measurements nearest to an estimate. */
function biasOf(estimate: number, p: number): number {
  const { estimates, biases } = biasTable(p);
  let at = 0;
  let high = estimates.length;
  while (at < high) {
    const middle = (at + high) >> 1;
    if (estimates[middle]! < estimate) at = middle + 1;
    else high = middle;
  }
  const distance = (i: number): number => Math.abs(estimate - estimates[i]!);
  let from = Math.max(at - neighbours + 1, 0);
  let to = Math.min(from + neighbours, estimates.length);
  while (to < estimates.length && distance(to) < distance(from)) {
    from++;
    to++;
  }
  let sum = 0;
  for (let i = from; i < to; i++) sum += biases[i]!;
  return sum / (to - from);
}

function alphaOf(p: number): number {
  if (p === 4) return 0.673;
  if (p === 5) return 0.697;
  return p === 6 ? 0.709 : 0.7213 / (1 + 1.079 / 2 ** p);
}

function estimate(registers: Uint8Array, p: number): number {
  const m = registers.length;
  let inverse = 0;
  let empty = 0;
  for (const register of registers) {
    inverse += 2 ** -register;
    if (register === 0) empty++;
  }
  if (empty > 0) {
    const linear = m * Math.log(m / empty);
    if (linear <= thresholds[p - 4]!) return linear;
  }
  const raw = (alphaOf(p) * m * m) / inverse;
  return raw < 5 * m ? raw - biasOf(raw, p) : raw;
}

function packed(registers: Uint8Array): bigint[] {
  const words: bigint[] = [];
  for (let at = 0; at < registers.length; at += registersPerWord) {
    let word = 0n;
    for (let i = Math.min(registersPerWord, registers.length - at) - 1; i >= 0; i--)
      word = (word << registerBits) | BigInt(registers[at + i]!);
    words.push(word);
  }
  // Spark rounds m / 10 down and adds one word, also where that word stays empty.
  while (words.length < Math.floor(registers.length / registersPerWord) + 1) words.push(0n);
  return words;
}

export const approxCountDistinct: AggregateFunction = {
  name: "approx_count_distinct",
  since: "0.1.0",
  arity: [1, 2],
  resolve(args) {
    deviationOf(args[1]);
    return { args: [args[0]!.type, ...(args[1] === undefined ? [] : [doubleType])], returns: bigintType };
  },
  nullable: false,
  orderIndependent: true,
  buffer: (_signature, infos) =>
    Array.from({ length: Math.floor(2 ** precisionOf(deviationOf(infos[1])) / registersPerWord) + 1 }, (_, i) => ({
      name: `MS[${i}]`,
      type: bigintType,
      nullable: true,
    })),
  bind({ args }, _context, infos) {
    const p = precisionOf(deviationOf(infos[1]));
    const hash = hashOf(xxHash64, args[0]!);
    const shift = BigInt(64 - p);
    return objectAccumulators<Uint8Array>({
      create: () => new Uint8Array(2 ** p),
      update(registers, [value]) {
        if (value === null || value === undefined) return registers;
        const h = BigInt.asUintN(64, hash(value, 42n));
        const index = Number(h >> shift);
        // One more than the zeros before the first 1 of the other bits; a 1 behind them ends the count.
        const rest = BigInt.asUintN(64, (h << BigInt(p)) | (1n << BigInt(p - 1)));
        const high = Number(rest >> 32n);
        const rank = 1 + (high !== 0 ? Math.clz32(high) : 32 + Math.clz32(Number(rest & 0xffffffffn)));
        if (registers[index]! < rank) registers[index] = rank;
        return registers;
      },
      save: packed,
      merge(registers, words) {
        for (let i = 0; i < registers.length; i++) {
          const word = words[Math.floor(i / registersPerWord)] as bigint | null;
          const register = Number(((word ?? 0n) >> (registerBits * BigInt(i % registersPerWord))) & 63n);
          if (registers[i]! < register) registers[i] = register;
        }
        return registers;
      },
      evaluate: (registers): SqlValue => BigInt(Math.round(estimate(registers, p))),
      memoryBytes: (registers) => registers.length + 64,
    });
  },
  doc: {
    group: "Aggregate",
    usage: "approx_count_distinct(expr[, relativeSD])",
    summary:
      "Number of different values, estimated with a relative deviation of 5 % (in 416 bytes of state) or another one.",
    examples: [{ sql: "approx_count_distinct(1)", result: "1" }],
  },
};
