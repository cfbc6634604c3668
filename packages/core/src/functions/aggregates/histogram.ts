/**
 * A histogram of at most n bins, which merge the two nearest when a value makes one too many.
 * @see Ben-Haim, Tom-Tov, "A Streaming Parallel Decision Tree Algorithm", JMLR 2010; Hive's NumericHistogram
 */
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  type DataType,
  doubleType,
  intType,
  isNumeric,
  type SqlValue,
  structType,
} from "../../types/data-type.ts";
import { bindCast } from "../cast-values.ts";
import { isDatetime, isInterval } from "../coercion.ts";
import type { AggregateFunction, ArgumentInfo } from "../function.ts";
import { type CallInfo, requireLiteral, unexpectedInput } from "../resolution.ts";
import { objectAccumulators } from "./object-accumulators.ts";

class Histogram {
  readonly #most: number;
  /** Centres in ascending order, and how many values each stands for. */
  readonly centres: number[] = [];
  readonly counts: number[] = [];
  constructor(most: number) {
    this.#most = most;
  }

  add(value: number, count = 1): void {
    const { centres, counts } = this;
    let at = 0;
    let high = centres.length;
    while (at < high) {
      const middle = (at + high) >> 1;
      if (centres[middle]! < value) at = middle + 1;
      else high = middle;
    }
    if (at < centres.length && centres[at] === value) {
      counts[at]! += count;
      return;
    }
    centres.splice(at, 0, value);
    counts.splice(at, 0, count);
    if (centres.length > this.#most) this.#mergeNearest();
  }

  merge(other: Float64Array): void {
    for (let i = 0; i < other.length; i += 2) this.add(other[i]!, other[i + 1]!);
  }

  #mergeNearest(): void {
    const { centres, counts } = this;
    let best = 0;
    for (let i = 1; i + 1 < centres.length; i++)
      if (centres[i + 1]! - centres[i]! < centres[best + 1]! - centres[best]!) best = i;
    const total = counts[best]! + counts[best + 1]!;
    const centre = (centres[best]! * counts[best]!) / total + (centres[best + 1]! * counts[best + 1]!) / total;
    centres.splice(best, 2, centre);
    counts.splice(best, 2, total);
  }

  serialize(): Uint8Array {
    return new Uint8Array(Float64Array.from(this.centres.flatMap((x, i) => [x, this.counts[i]!])).buffer);
  }
}

function binsOf(arg: ArgumentInfo | undefined, call: CallInfo): number {
  const value = requireLiteral(arg, "nb", call);
  if (value === null) {
    throw new MillraceError("DATATYPE_MISMATCH.UNEXPECTED_NULL", { sqlExpr: call.sql, exprName: "nb" });
  }
  const bins = Number(value);
  if (bins >= 2) return bins;
  throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
    sqlExpr: call.sql,
    exprName: "nb",
    valueRange: "[2, 2147483647]",
    currentValue: String(bins),
  });
}

/** A value as the double that the histogram works on, and back. */
function converter(type: DataType): { to(value: SqlValue): number; from(value: number): SqlValue } {
  if (isNumeric(type)) {
    const to = bindCast(type, doubleType, "ansi", "UTC");
    const from = bindCast(doubleType, type, "legacy", "UTC");
    return { to: (value) => to(value) as number, from: (value) => from(value) };
  }
  const large = type.kind !== "date" && type.kind !== "interval_year_month";
  return { to: Number, from: (value) => (large ? BigInt(Math.trunc(value)) : Math.trunc(value)) };
}

const call: CallInfo = { sql: "histogram_numeric", ansi: true };

export const histogramNumeric: AggregateFunction = {
  name: "histogram_numeric",
  since: "0.2.0",
  arity: [2, 2],
  resolve(args, info) {
    const { type } = args[0]!;
    if (!isNumeric(type) && !isDatetime(type) && !isInterval(type)) throw unexpectedInput(args[0]!, "NUMERIC", 0, info);
    binsOf(args[1], info);
    const bin = structType([
      { name: "x", type, nullable: true },
      { name: "y", type: doubleType, nullable: true },
    ]);
    return { args: [type, args[1]!.type.kind === "bigint" ? bigintType : intType], returns: arrayType(bin, true) };
  },
  nullable: true,
  orderIndependent: false,
  buffer: () => [{ name: "buf", type: binaryType, nullable: true }],
  bind({ args }, _context, infos) {
    const bins = binsOf(infos[1], call);
    const { to, from } = converter(args[0]!);
    return objectAccumulators<Histogram>({
      create: () => new Histogram(bins),
      update(state, [value]) {
        if (value !== null && value !== undefined) state.add(to(value));
        return state;
      },
      save: (state) => [state.serialize()],
      merge(state, [bytes]) {
        if (bytes instanceof Uint8Array) state.merge(new Float64Array(bytes.slice().buffer));
        return state;
      },
      evaluate: ({ centres, counts }) => (centres.length === 0 ? null : centres.map((x, i) => [from(x), counts[i]!])),
      memoryBytes: ({ centres }) => 200 + centres.length * 16,
    });
  },
  doc: {
    group: "Aggregate",
    usage: "histogram_numeric(expr, bins)",
    summary: "An array of at most that many bins of a histogram: centre x and number of values y.",
    examples: [{ sql: "histogram_numeric(5, 3)", result: "[{5, 1.0}]" }],
  },
};
