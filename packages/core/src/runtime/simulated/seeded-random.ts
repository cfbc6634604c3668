import type { Random } from "../random.ts";

/** Random numbers from a seed (splitmix32): the same seed gives the same sequence on every machine. */
export class SeededRandom implements Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0;
  }
  int32(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  }
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(((this.int32() >>> 0) / 2 ** 32) * bound);
  }
  uuid(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
    const a = hex(this.int32());
    const b = hex((this.int32() & 0xffff0fff) | 0x4000);
    const c = hex((this.int32() & 0x3fffffff) | 0x80000000);
    const d = hex(this.int32());
    return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
  }
}
