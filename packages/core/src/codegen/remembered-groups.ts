/** Groups of the last keys, by what identifies a key without a look at its strings: where they lie in their column's bytes. */
import { areLasting } from "../columnar/lasting-strings.ts";

/** Keys that are remembered, as a power of two. */
export const rememberedBits = 10;
const slots: number = 1 << rememberedBits;
/** Bytes up to which the strings of a batch are taken for a dictionary of its own. */
const dictionaryBytes = 16_384;

/** The memory of one loop. What was noted in an earlier round is forgotten. */
export class RememberedGroups {
  /** By part of a key and slot: the number, or where the string starts. */
  readonly columns: readonly (Int32Array | BigInt64Array)[];
  /** Where the string ends; empty for numbers. */
  readonly ends: readonly Int32Array[];
  readonly groups: Int32Array = new Int32Array(slots);
  readonly rounds: Int32Array = new Int32Array(slots);
  round = 0;
  #table: unknown;
  #bytes: readonly Uint8Array[] = [];

  constructor(parts: readonly ("range" | "int" | "long")[]) {
    this.columns = parts.map((part) => (part === "long" ? new BigInt64Array(slots) : new Int32Array(slots)));
    this.ends = parts.map((part) => new Int32Array(part === "range" ? slots : 0));
  }

  /**
   * Before a batch whose strings lie in `bytes`: whether groups of `table` are worth remembering. Those of the batches
   * before are, when the bytes are the same and do not change.
   */
  begin(table: unknown, bytes: readonly Uint8Array[]): boolean {
    if (!bytes.every((part) => part.length <= dictionaryBytes || areLasting(part))) return false;
    const goesOn = table === this.#table && bytes.every((part, i) => part === this.#bytes[i] && areLasting(part));
    if (!goesOn) {
      this.round++;
      this.#table = table;
      this.#bytes = bytes;
    }
    return true;
  }
}
