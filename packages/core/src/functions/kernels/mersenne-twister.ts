/**
 * The Mersenne Twister MT19937 (Matsumoto, Nishimura, 1998), seeded with 64 bits as Apache Commons Math does: what Spark
 * shuffles with, so that a seed gives the same order.
 */
const size = 624;
const middle = 397;

export class MersenneTwister {
  readonly #state = new Int32Array(size);
  #next = size;

  constructor(seed: bigint) {
    const state = this.#state;
    state[0] = 19_650_218;
    for (let i = 1; i < size; i++) {
      const before = state[i - 1]!;
      state[i] = Math.imul(1_812_433_253, before ^ (before >>> 30)) + i;
    }
    const key = [Number(BigInt.asIntN(32, seed >> 32n)), Number(BigInt.asIntN(32, seed))];
    let i = 1;
    let j = 0;
    for (let k = size; k > 0; k--) {
      const before = state[i - 1]!;
      state[i] = (state[i]! ^ Math.imul(before ^ (before >>> 30), 1_664_525)) + key[j]! + j;
      i++;
      j = (j + 1) % key.length;
      if (i >= size) {
        state[0] = state[size - 1]!;
        i = 1;
      }
    }
    for (let k = size - 1; k > 0; k--) {
      const before = state[i - 1]!;
      state[i] = (state[i]! ^ Math.imul(before ^ (before >>> 30), 1_566_083_941)) - i;
      i++;
      if (i >= size) {
        state[0] = state[size - 1]!;
        i = 1;
      }
    }
    state[0] = -2_147_483_648;
  }

  /** The next 32 bits. */
  nextBits(): number {
    const state = this.#state;
    if (this.#next >= size) {
      for (let i = 0; i < size; i++) {
        const y = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
        state[i] = state[(i + middle) % size]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.#next = 0;
    }
    let y = state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  /** A whole number from 0 to below `bound`, which is at most 2^31 − 1. */
  below(bound: number): number {
    if ((bound & -bound) === bound) return Number((BigInt(bound) * BigInt(this.nextBits() >>> 1)) >> 31n);
    for (;;) {
      const bits = this.nextBits() >>> 1;
      const value = bits % bound;
      if (bits - value + (bound - 1) <= 0x7fffffff) return value;
    }
  }
}
