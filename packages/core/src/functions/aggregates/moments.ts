import { doubleType, type SqlValue } from "../../types/data-type.ts";
import type { Accumulators, AggregateFunction } from "../function.ts";
import { signature } from "../resolution.ts";
import { grownFloats } from "./growing.ts";

/** Count, mean and sum of squared distances from the mean, updated by Welford's method and merged by Chan's. */
class MomentAccumulators implements Accumulators {
  #state: Float64Array = new Float64Array(0);
  readonly #final: (n: number, m2: number) => number | null;
  constructor(final: (n: number, m2: number) => number | null) {
    this.#final = final;
  }
  ensure(slots: number): void {
    this.#state = grownFloats(this.#state, slots * 3);
  }
  reset(slot: number): void {
    this.#state.fill(0, slot * 3, slot * 3 + 3);
  }
  update(slot: number, args: readonly SqlValue[]): void {
    if (args[0] !== null) this.#add(slot, 1, args[0] as number, 0);
  }
  #add(slot: number, n: number, mean: number, m2: number): void {
    const at = slot * 3;
    const s = this.#state;
    const total = s[at]! + n;
    if (total === 0) return;
    const delta = mean - s[at + 1]!;
    const step = (delta * n) / total;
    s[at + 2]! += m2 + delta * step * s[at]!;
    s[at + 1]! += step;
    s[at] = total;
  }
  save(slot: number): SqlValue[] {
    const at = slot * 3;
    return [this.#state[at]!, this.#state[at + 1]!, this.#state[at + 2]!];
  }
  merge(slot: number, buffer: readonly SqlValue[]): void {
    const [n, mean, m2] = buffer as readonly (number | null)[];
    this.#add(slot, n ?? 0, mean ?? 0, m2 ?? 0);
  }
  evaluate(slot: number): SqlValue {
    const n = this.#state[slot * 3]!;
    return n === 0 ? null : this.#final(n, this.#state[slot * 3 + 2]!);
  }
  memoryBytes(): number {
    return this.#state.byteLength;
  }
}

function moment(
  name: string,
  aliases: readonly string[],
  summary: string,
  example: { readonly sql: string; readonly result: string },
  final: (n: number, m2: number) => number | null,
): AggregateFunction {
  return {
    name,
    aliases,
    since: "0.1.0",
    arity: [1, 1],
    resolve: signature([doubleType], doubleType),
    nullable: true,
    orderIndependent: true,
    buffer: () => ["n", "avg", "m2"].map((field) => ({ name: field, type: doubleType, nullable: true })),
    bind: () => new MomentAccumulators(final),
    doc: { group: "Aggregate", usage: `${name}(expr)`, summary, examples: [example] },
  };
}

export const moments: readonly AggregateFunction[] = [
  moment(
    "stddev_samp",
    ["stddev", "std"],
    "Standard deviation of a sample; NULL for one row.",
    { sql: "stddev_samp(1)", result: "NULL" },
    (n, m2) => (n === 1 ? null : Math.sqrt(m2 / (n - 1))),
  ),
  moment("stddev_pop", [], "Standard deviation of a population.", { sql: "stddev_pop(1)", result: "0.0" }, (n, m2) =>
    Math.sqrt(m2 / n),
  ),
  moment(
    "var_samp",
    ["variance"],
    "Variance of a sample; NULL for one row.",
    { sql: "var_samp(1)", result: "NULL" },
    (n, m2) => (n === 1 ? null : m2 / (n - 1)),
  ),
  moment("var_pop", [], "Variance of a population.", { sql: "var_pop(1)", result: "0.0" }, (n, m2) => m2 / n),
];
