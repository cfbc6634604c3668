import { bigintType, booleanType } from "../../types/data-type.ts";
import type { Accumulators, AggregateFunction } from "../function.ts";
import type { SqlValue } from "../../types/data-type.ts";
import { signature } from "../resolution.ts";
import { grownFloats } from "./growing.ts";

const group = "Aggregate";

/** Counts rows for which `counts` holds. A double counts exactly to 2^53 rows. */
class CountAccumulators implements Accumulators {
  #counts: Float64Array = new Float64Array(0);
  readonly #counted: (args: readonly SqlValue[]) => boolean;
  constructor(counted: (args: readonly SqlValue[]) => boolean) {
    this.#counted = counted;
  }
  ensure(slots: number): void {
    this.#counts = grownFloats(this.#counts, slots);
  }
  reset(slot: number): void {
    this.#counts[slot] = 0;
  }
  update(slot: number, args: readonly SqlValue[]): void {
    if (this.#counted(args)) this.#counts[slot]!++;
  }
  save(slot: number): SqlValue[] {
    return [BigInt(this.#counts[slot]!)];
  }
  merge(slot: number, buffer: readonly SqlValue[]): void {
    this.#counts[slot]! += Number((buffer[0] as bigint | null) ?? 0n);
  }
  evaluate(slot: number): SqlValue {
    return BigInt(this.#counts[slot]!);
  }
  memoryBytes(): number {
    return this.#counts.byteLength;
  }
}

const buffer: AggregateFunction["buffer"] = () => [{ name: "count", type: bigintType, nullable: true }];

function allPresent(args: readonly SqlValue[]): boolean {
  for (let i = 0; i < args.length; i++) if (args[i] === null) return false;
  return true;
}

export const counts: readonly AggregateFunction[] = [
  {
    name: "count",
    since: "0.1.0",
    arity: [0, Number.POSITIVE_INFINITY],
    resolve: (args) => ({ args: args.map((a) => a.type), returns: bigintType }),
    nullable: false,
    orderIndependent: true,
    buffer,
    bind: () => new CountAccumulators(allPresent),
    fast: { op: "count" },
    doc: {
      group,
      usage: "count(*), count(expr, …), count(DISTINCT expr, …)",
      summary: "Number of rows for which no argument is NULL; all rows for `*`.",
      examples: [{ sql: "count(NULL)", result: "0" }],
    },
  },
  {
    name: "count_if",
    since: "0.1.0",
    arity: [1, 1],
    resolve: signature([booleanType], bigintType),
    nullable: false,
    orderIndependent: true,
    buffer,
    bind: () => new CountAccumulators((args) => args[0] === true),
    doc: {
      group,
      usage: "count_if(expr)",
      summary: "Number of rows for which the condition is true.",
      examples: [{ sql: "count_if(1 < 2)", result: "1" }],
    },
  },
];
