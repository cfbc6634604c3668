/**
 * HyperLogLog++ (Heule, Nunkesser, Hall, EDBT 2013) in Spark's layout: 2^p registers of six bits, ten to a 64-bit word, hashed
 * with xxHash64 seeded 42. Below Spark's threshold the estimate is linear counting, as Spark's; above it Ertl's improved
 * estimator (arXiv:1702.01284), which needs no table of empirical corrections and has the same error.
 */
import { MillraceError } from "../../errors/index.ts";
import { bigintType, doubleType, type SqlValue } from "../../types/data-type.ts";
import type { AggregateFunction, ArgumentInfo } from "../function.ts";
import { hashOf, xxHash64 } from "../kernels/hash.ts";
import { requireLiteral } from "../resolution.ts";
import { bindCast } from "../cast-values.ts";
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

function estimate(registers: Uint8Array, p: number): number {
  const m = registers.length;
  const q = 64 - p;
  const histogram = new Float64Array(q + 2);
  for (const register of registers) histogram[Math.min(register, q + 1)]!++;
  const empty = histogram[0]!;
  if (empty > 0) {
    const linear = m * Math.log(m / empty);
    if (linear <= thresholds[p - 4]!) return linear;
  }
  let z = m * tau(1 - histogram[q + 1]! / m);
  for (let k = q; k >= 1; k--) z = 0.5 * (z + histogram[k]!);
  z += m * sigma(empty / m);
  return (m * m) / (2 * Math.LN2 * z);
}
function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let x = start;
  let y = 1;
  let z = x;
  for (let before = Number.NaN; before !== z;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}
function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let x = start;
  let y = 1;
  let z = 1 - x;
  for (let before = Number.NaN; before !== z;) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
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
