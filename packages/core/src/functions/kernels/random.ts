/** Spark's random generators, number for number. 64-bit states are kept as two halves. */
import { murmurLong } from "./hash.ts";

/** The bytes of a 64-bit number, first the highest, as two little-endian words: what Murmur3 of a byte array reads. */
function swapped(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

const arraySeed = 0x3c074a61;

/**
 * Random bits: each call gives as many as asked for, at most 32, as an unsigned number.
 * @see Spark, `XORShiftRandom`
 */
export function xorShiftBits(seed: bigint): (bits: number) => number {
  const first = swapped(Number(BigInt.asIntN(32, seed >> 32n)));
  const second = swapped(Number(BigInt.asIntN(32, seed)));
  let low = murmurLong(first, second, arraySeed);
  let high = murmurLong(first, second, low);
  return (bits) => {
    // x ^= x << 21; x ^= x >>> 35; x ^= x << 4
    high ^= (high << 21) | (low >>> 11);
    low ^= low << 21;
    low ^= high >>> 3;
    high ^= (high << 4) | (low >>> 28);
    low ^= low << 4;
    return (bits === 32 ? low : low & ((1 << bits) - 1)) >>> 0;
  };
}

/** Numbers from 0 up to 1. */
export function xorShiftRandom(seed: bigint): () => number {
  const next = xorShiftBits(seed);
  return () => (next(26) * 0x8000000 + next(27)) / 2 ** 53;
}

/**
 * Numbers of the standard normal distribution, by the polar method.
 * @see `java.util.Random.nextGaussian`
 */
export function xorShiftGaussian(seed: bigint): () => number {
  const uniform = xorShiftRandom(seed);
  let kept: number | undefined;
  return () => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    for (;;) {
      const a = 2 * uniform() - 1;
      const b = 2 * uniform() - 1;
      const square = a * a + b * b;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      kept = b * factor;
      return a * factor;
    }
  };
}

/**
 * 32 random bits at a time, as signed numbers.
 * @see Apache Commons Math, `MersenneTwister`
 */
export function mersenneTwister(seed: bigint): () => number {
  const size = 624;
  const state = new Int32Array(size);
  state[0] = 19650218;
  for (let i = 1; i < size; i++) state[i] = Math.imul(1812433253, state[i - 1]! ^ (state[i - 1]! >>> 30)) + i;
  const key = [Number(BigInt.asIntN(32, seed >> 32n)), Number(BigInt.asIntN(32, seed))];
  let i = 1;
  const step = (): void => {
    if (++i < size) return;
    state[0] = state[size - 1]!;
    i = 1;
  };
  for (let k = 0; k < size; k++) {
    const before = state[i - 1]!;
    state[i] = (state[i]! ^ Math.imul(before ^ (before >>> 30), 1664525)) + key[k % 2]! + (k % 2);
    step();
  }
  for (let k = 1; k < size; k++) {
    const before = state[i - 1]!;
    state[i] = (state[i]! ^ Math.imul(before ^ (before >>> 30), 1566083941)) - i;
    step();
  }
  state[0] = 0x80000000;
  let at = size;
  const refill = (): void => {
    for (let k = 0; k < size; k++) {
      const y = (state[k]! & 0x80000000) | (state[(k + 1) % size]! & 0x7fffffff);
      state[k] = state[(k + 397) % size]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === size) refill();
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  };
}

/**
 * Numbers from 0 up to 1.
 * @see Apache Commons Math, `Well19937c`
 */
export function well19937c(seed: bigint): () => number {
  const size = 624;
  const state = new Int32Array(size);
  state[0] = Number(BigInt.asIntN(32, seed >> 32n));
  state[1] = Number(BigInt.asIntN(32, seed));
  for (let i = 2; i < size; i++) {
    const before = BigInt(state[i - 2]!);
    state[i] = Number(BigInt.asIntN(32, 1812433253n * (before ^ (before >> 30n)) + BigInt(i)));
  }
  let index = 0;
  const next = (bits: number): number => {
    const before = (index + size - 1) % size;
    const beforeThat = (index + size - 2) % size;
    const v0 = state[index]!;
    const m1 = state[(index + 70) % size]!;
    const m2 = state[(index + 179) % size]!;
    const m3 = state[(index + 449) % size]!;
    const z0 = (0x80000000 & state[before]!) ^ (0x7fffffff & state[beforeThat]!);
    const z1 = v0 ^ (v0 << 25) ^ (m1 ^ (m1 >>> 27));
    const z2 = (m2 >>> 9) ^ (m3 ^ (m3 >>> 1));
    const z3 = z1 ^ z2;
    let z4 = z0 ^ (z1 ^ (z1 << 9)) ^ (z2 ^ (z2 << 21)) ^ (z3 ^ (z3 >>> 21));
    state[index] = z3;
    state[before] = z4;
    state[beforeThat] = state[beforeThat]! & 0x80000000;
    index = before;
    z4 ^= (z4 << 7) & 0xe46e1700;
    z4 ^= (z4 << 15) & 0x9b868000;
    return z4 >>> (32 - bits);
  };
  return () => (next(26) * 0x4000000 + next(26)) / 2 ** 52;
}

/**
 * 64-bit numbers of `java.util.Random`.
 * @param skip how many are passed over
 */
export function javaRandomLong(seed: bigint, skip: number): bigint {
  const multiplier = 0x5deece66dn;
  let state = BigInt.asUintN(48, seed ^ multiplier);
  const next = (): bigint => {
    state = BigInt.asUintN(48, state * multiplier + 0xbn);
    return BigInt.asIntN(32, state >> 16n);
  };
  let value = 0n;
  for (let i = 0; i <= skip; i++) value = BigInt.asIntN(64, (next() << 32n) + next());
  return value;
}

/**
 * Numbers of a Poisson distribution, for means below 40.
 * @see Apache Commons Math, `PoissonDistribution.sample`
 */
export function poissonRandom(mean: number, seed: bigint): () => number {
  const random = well19937c(seed);
  const limit = Math.exp(-mean);
  return () => {
    let product = 1;
    let count = 0;
    while (count < 1000 * mean) {
      product *= random();
      if (product < limit) return count;
      count++;
    }
    return count;
  };
}
