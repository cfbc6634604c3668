import {
  bigintType,
  booleanType,
  type DataType,
  type DecimalType,
  dayTimeIntervalType,
  doubleType,
  isIntegral,
  yearMonthIntervalType,
  type SqlValue,
} from "../../types/data-type.ts";
import { isInterval } from "../coercion.ts";
import { boundedDecimal, decimalFromNumber, decimalText, divideHalfUp, fitsPrecision, powerOfTen } from "../decimal.ts";
import type { Accumulators, AggregateFunction } from "../function.ts";
import { decimalOutOfRange, overflow } from "../kernels/checked.ts";
import { classes, coerceArgument, type Resolve } from "../resolution.ts";
import { grownFlags, grownFloats, grownLongs } from "./growing.ts";

const group = "Aggregate";

/** Integers sum to BIGINT, decimals to ten digits more, other numbers to DOUBLE, intervals to their own type. */
const resolveSum: Resolve = (args, call) => {
  const arg = args[0]!;
  const type = isInterval(arg.type) ? arg.type : coerceArgument(arg, classes.numeric, 0, call);
  if (type.kind === "decimal") return { args: [type], returns: boundedDecimal(type.precision + 10, type.scale) };
  if (isInterval(type)) return { args: [type], returns: type };
  const returns = isIntegral(type) ? bigintType : doubleType;
  return { args: [returns], returns };
};

type OnOverflow = "throw" | "wrap" | "null";

/** BIGINT and day-time intervals. NULL until the first row. */
class LongSum implements Accumulators {
  #sums: BigInt64Array = new BigInt64Array(0);
  /** 0 no row yet, 1 a sum, 2 overflowed (`try_sum`). */
  #states: Uint8Array = new Uint8Array(0);
  readonly #onOverflow: OnOverflow;
  constructor(onOverflow: OnOverflow) {
    this.#onOverflow = onOverflow;
  }
  ensure(slots: number): void {
    this.#sums = grownLongs(this.#sums, slots);
    this.#states = grownFlags(this.#states, slots);
  }
  reset(slot: number): void {
    this.#sums[slot] = 0n;
    this.#states[slot] = 0;
  }
  update(slot: number, args: readonly SqlValue[]): void {
    const value = args[0]!;
    if (value !== null) this.#add(slot, value as bigint);
  }
  #add(slot: number, value: bigint): void {
    const exact = this.#sums[slot]! + value;
    const sum = BigInt.asIntN(64, exact);
    if (sum !== exact && this.#onOverflow !== "wrap") {
      if (this.#onOverflow === "throw") overflow("long overflow", "try_sum");
      this.#states[slot] = 2;
      return;
    }
    this.#sums[slot] = sum;
    if (this.#states[slot] === 0) this.#states[slot] = 1;
  }
  save(slot: number): SqlValue[] {
    return [this.evaluate(slot)];
  }
  merge(slot: number, buffer: readonly SqlValue[]): void {
    this.update(slot, buffer);
  }
  evaluate(slot: number): SqlValue {
    return this.#states[slot] === 1 ? this.#sums[slot]! : null;
  }
  memoryBytes(): number {
    return this.#sums.byteLength + this.#states.byteLength;
  }
}

/** DOUBLE, and year-month intervals (whole numbers that are checked at the end). */
class DoubleSum implements Accumulators {
  #sums: Float64Array = new Float64Array(0);
  #seen: Uint8Array = new Uint8Array(0);
  readonly #months: boolean;
  constructor(months: boolean) {
    this.#months = months;
  }
  ensure(slots: number): void {
    this.#sums = grownFloats(this.#sums, slots);
    this.#seen = grownFlags(this.#seen, slots);
  }
  reset(slot: number): void {
    this.#sums[slot] = 0;
    this.#seen[slot] = 0;
  }
  update(slot: number, args: readonly SqlValue[]): void {
    const value = args[0]!;
    if (value === null) return;
    this.#sums[slot]! += value as number;
    this.#seen[slot] = 1;
  }
  save(slot: number): SqlValue[] {
    return [this.evaluate(slot)];
  }
  merge(slot: number, buffer: readonly SqlValue[]): void {
    this.update(slot, buffer);
  }
  evaluate(slot: number): SqlValue {
    if (this.#seen[slot] === 0) return null;
    const sum = this.#sums[slot]!;
    if (this.#months && (sum | 0) !== sum) overflow("integer overflow");
    return sum;
  }
  memoryBytes(): number {
    return this.#sums.byteLength + this.#seen.byteLength;
  }
}

/** A sum of decimals as the result: NULL or an error when it has too many digits (null: it had at some time). */
export function finishDecimalSum(sum: bigint | null, type: DecimalType, ansi: boolean): bigint | null {
  if (sum !== null && fitsPrecision(sum, type.precision)) return sum;
  return ansi ? decimalOutOfRange(sum === null ? "sum" : decimalText(sum, type.scale), type) : null;
}

/** Decimals: NULL once a sum has too many digits, and an error then when ANSI. */
class DecimalSum implements Accumulators {
  readonly #sums: (bigint | null)[] = [];
  #seen: Uint8Array = new Uint8Array(0);
  readonly #type: DecimalType;
  readonly #ansi: boolean;
  constructor(type: DecimalType, ansi: boolean) {
    this.#type = type;
    this.#ansi = ansi;
  }
  ensure(slots: number): void {
    while (this.#sums.length < slots) this.#sums.push(0n);
    this.#seen = grownFlags(this.#seen, slots);
  }
  reset(slot: number): void {
    this.#sums[slot] = 0n;
    this.#seen[slot] = 0;
  }
  update(slot: number, args: readonly SqlValue[]): void {
    const value = args[0]!;
    if (value !== null) this.#add(slot, value as bigint);
  }
  #add(slot: number, value: bigint): void {
    const before = this.#sums[slot]!;
    this.#seen[slot] = 1;
    if (before !== null) this.#sums[slot] = before + value;
  }
  save(slot: number): SqlValue[] {
    const sum = this.#sums[slot]!;
    const fits = sum !== null && fitsPrecision(sum, this.#type.precision);
    return [fits ? sum : null, this.#seen[slot] === 0];
  }
  merge(slot: number, buffer: readonly SqlValue[]): void {
    if (buffer[1] === true) return;
    if (buffer[0] === null) {
      this.#sums[slot] = null;
      this.#seen[slot] = 1;
    } else this.#add(slot, buffer[0] as bigint);
  }
  evaluate(slot: number): SqlValue {
    return this.#seen[slot] === 0 ? null : finishDecimalSum(this.#sums[slot]!, this.#type, this.#ansi);
  }
  memoryBytes(): number {
    return this.#sums.length * 40;
  }
}

/**
 * Spark sums decimals of few digits as BIGINT and averages them as DOUBLE, both of the digits without the point; the buffers
 * in the state store are of these types.
 * @see Spark, `DecimalAggregates`
 */
const sumAsLong = (returns: DataType): boolean => returns.kind === "decimal" && returns.precision <= 18;
const averageAsDouble = (from: DecimalType): boolean => from.precision + 4 <= 15;

function bindSum(returns: DataType, onOverflow: OnOverflow): Accumulators {
  if (returns.kind === "bigint" || returns.kind === "interval_day_time" || sumAsLong(returns))
    return new LongSum(onOverflow);
  if (returns.kind === "decimal") return new DecimalSum(returns, onOverflow === "throw");
  return new DoubleSum(returns.kind === "interval_year_month");
}

const sumBuffer: AggregateFunction["buffer"] = ({ returns }) => [
  { name: "sum", type: sumAsLong(returns) ? bigintType : returns, nullable: true },
  ...(returns.kind === "decimal" && !sumAsLong(returns)
    ? [{ name: "isEmpty", type: booleanType, nullable: true }]
    : []),
];

/** Averages: decimals with four digits more, intervals of their kind, other numbers as DOUBLE. */
const resolveAverage: Resolve = (args, call) => {
  const given = args[0]!.type;
  if (given.kind === "interval_day_time") return { args: [given], returns: dayTimeIntervalType };
  if (given.kind === "interval_year_month") return { args: [given], returns: yearMonthIntervalType };
  const type = coerceArgument(args[0]!, classes.numeric, 0, call);
  if (type.kind === "decimal") return { args: [type], returns: boundedDecimal(type.precision + 4, type.scale + 4) };
  return { args: [doubleType], returns: doubleType };
};

class DoubleAverage implements Accumulators {
  #sums: Float64Array = new Float64Array(0);
  #counts: Float64Array = new Float64Array(0);
  ensure(slots: number): void {
    this.#sums = grownFloats(this.#sums, slots);
    this.#counts = grownFloats(this.#counts, slots);
  }
  reset(slot: number): void {
    this.#sums[slot] = 0;
    this.#counts[slot] = 0;
  }
  update(slot: number, args: readonly SqlValue[]): void {
    const value = args[0]!;
    if (value === null) return;
    this.#sums[slot]! += value as number;
    this.#counts[slot]!++;
  }
  save(slot: number): SqlValue[] {
    return [this.#sums[slot]!, BigInt(this.#counts[slot]!)];
  }
  merge(slot: number, buffer: readonly SqlValue[]): void {
    this.#sums[slot]! += (buffer[0] as number | null) ?? 0;
    this.#counts[slot]! += Number((buffer[1] as bigint | null) ?? 0n);
  }
  evaluate(slot: number): SqlValue {
    const count = this.#counts[slot]!;
    return count === 0 ? null : this.#sums[slot]! / count;
  }
  memoryBytes(): number {
    return this.#sums.byteLength * 2;
  }
}

/** The mean of decimals whose digits without the point sum to `sum`; NULL of none. */
export function finishShortAverage(sum: number, count: number, from: DecimalType, to: DecimalType): bigint | null {
  return count === 0 ? null : decimalFromNumber(sum / count / 10 ** from.scale, to.scale)!;
}

/** Decimals of few digits: the mean of the digits without the point, as DOUBLE, rounded to the result's scale at the end. */
class ShortDecimalAverage extends DoubleAverage {
  readonly #from: DecimalType;
  readonly #to: DecimalType;
  constructor(from: DecimalType, to: DecimalType) {
    super();
    this.#from = from;
    this.#to = to;
  }
  override update(slot: number, args: readonly SqlValue[]): void {
    const value = args[0]!;
    if (value !== null) super.update(slot, [Number(value)]);
  }
  override evaluate(slot: number): SqlValue {
    const mean = super.evaluate(slot) as number | null;
    return mean === null ? null : finishShortAverage(mean, 1, this.#from, this.#to);
  }
}

/** The mean of decimals; NULL of none, NULL or an error when the sum or the mean has too many digits. */
export function finishDecimalAverage(
  sum: bigint,
  count: number,
  from: DecimalType,
  to: DecimalType,
  ansi: boolean,
): bigint | null {
  if (count === 0) return null;
  const sumType = averageSumType(from);
  const value = divideHalfUp(sum * powerOfTen(to.scale - from.scale), BigInt(count));
  if (fitsPrecision(sum, sumType.precision) && fitsPrecision(value, to.precision)) return value;
  return ansi ? decimalOutOfRange(decimalText(sum, from.scale), sumType) : null;
}

class DecimalAverage implements Accumulators {
  readonly #sums: bigint[] = [];
  #counts: Float64Array = new Float64Array(0);
  readonly #from: DecimalType;
  readonly #to: DecimalType;
  readonly #sumType: DecimalType;
  readonly #ansi: boolean;
  constructor(from: DecimalType, to: DecimalType, ansi: boolean) {
    this.#from = from;
    this.#to = to;
    this.#sumType = averageSumType(from);
    this.#ansi = ansi;
  }
  ensure(slots: number): void {
    while (this.#sums.length < slots) this.#sums.push(0n);
    this.#counts = grownFloats(this.#counts, slots);
  }
  reset(slot: number): void {
    this.#sums[slot] = 0n;
    this.#counts[slot] = 0;
  }
  update(slot: number, args: readonly SqlValue[]): void {
    const value = args[0]!;
    if (value === null) return;
    this.#sums[slot]! += value as bigint;
    this.#counts[slot]!++;
  }
  save(slot: number): SqlValue[] {
    const sum = this.#sums[slot]!;
    return [fitsPrecision(sum, this.#sumType.precision) ? sum : null, BigInt(this.#counts[slot]!)];
  }
  merge(slot: number, buffer: readonly SqlValue[]): void {
    // An overflowed sum stays overflowed: a value beyond any precision stands for it.
    this.#sums[slot]! += buffer[0] === null ? powerOfTen(60) : (buffer[0] as bigint);
    this.#counts[slot]! += Number((buffer[1] as bigint | null) ?? 0n);
  }
  evaluate(slot: number): SqlValue {
    return finishDecimalAverage(this.#sums[slot]!, this.#counts[slot]!, this.#from, this.#to, this.#ansi);
  }
  memoryBytes(): number {
    return this.#sums.length * 48;
  }
}
/** Intervals: the sum in whole months or microseconds, rounded half away from zero at the end. */
class IntervalAverage extends DecimalAverage {
  readonly #months: boolean;
  constructor(months: boolean) {
    super(wholeDecimal, wholeDecimal, true);
    this.#months = months;
  }
  override update(slot: number, args: readonly SqlValue[]): void {
    const value = args[0]!;
    if (value !== null) super.update(slot, [BigInt(value as bigint)]);
  }
  override save(slot: number): SqlValue[] {
    const [sum, count] = super.save(slot) as [bigint, bigint];
    return [this.#months ? Number(sum) : sum, count];
  }
  override merge(slot: number, [sum, count]: readonly SqlValue[]): void {
    super.merge(slot, [BigInt((sum ?? 0) as bigint), count ?? 0n]);
  }
  override evaluate(slot: number): SqlValue {
    const mean = super.evaluate(slot) as bigint | null;
    return mean !== null && this.#months ? Number(mean) : mean;
  }
}
const wholeDecimal: DecimalType = { kind: "decimal", precision: 38, scale: 0 };

/** The type of the sum behind an average of decimals. */
export function averageSumType(from: DecimalType): DecimalType {
  return boundedDecimal(from.precision + 10, from.scale);
}
function bindAverage(from: DataType, returns: DataType, ansi: boolean): Accumulators {
  if (isInterval(returns)) return new IntervalAverage(returns.kind === "interval_year_month");
  if (returns.kind !== "decimal" || from.kind !== "decimal") return new DoubleAverage();
  return averageAsDouble(from) ? new ShortDecimalAverage(from, returns) : new DecimalAverage(from, returns, ansi);
}
function averageBufferType(from: DataType): DataType {
  if (from.kind === "interval_day_time") return dayTimeIntervalType;
  if (from.kind === "interval_year_month") return yearMonthIntervalType;
  return from.kind === "decimal" && !averageAsDouble(from) ? averageSumType(from) : doubleType;
}

/** What avg and try_avg share. */
const average = {
  arity: [1, 1],
  resolve: resolveAverage,
  nullable: true,
  orderIndependent: true,
  buffer: ({ args }) => [
    { name: "sum", type: averageBufferType(args[0]!), nullable: true },
    { name: "count", type: bigintType, nullable: true },
  ],
} satisfies Partial<AggregateFunction>;

export const sums: readonly AggregateFunction[] = [
  {
    name: "sum",
    since: "0.1.0",
    arity: [1, 1],
    resolve: resolveSum,
    nullable: true,
    orderIndependent: true,
    buffer: sumBuffer,
    bind: ({ returns }, context) => bindSum(returns, context.ansi ? "throw" : "wrap"),
    fast: { op: "sum" },
    doc: {
      group,
      usage: "sum(expr)",
      summary:
        "Sum: BIGINT of integers, ten digits more of decimals, DOUBLE otherwise. NULL for no rows; overflow is an error.",
      examples: [{ sql: "sum(5)", result: "5" }],
    },
  },
  {
    name: "try_sum",
    since: "0.1.0",
    arity: [1, 1],
    resolve: resolveSum,
    nullable: true,
    orderIndependent: true,
    buffer: sumBuffer,
    bind: ({ returns }) => bindSum(returns, "null"),
    doc: {
      group,
      usage: "try_sum(expr)",
      summary: "Sum, NULL when it overflows.",
      examples: [{ sql: "try_sum(5)", result: "5" }],
    },
  },
  {
    name: "avg",
    aliases: ["mean"],
    ...average,
    since: "0.1.0",
    bind: ({ args, returns }, context) => bindAverage(args[0]!, returns, context.ansi),
    fast: { op: "avg" },
    doc: {
      group,
      usage: "avg(expr), mean(expr)",
      summary: "Mean: four digits more of decimals, DOUBLE otherwise. NULL for no rows.",
      examples: [{ sql: "avg(3)", result: "3.0" }],
    },
  },
  {
    name: "try_avg",
    ...average,
    since: "0.2.0",
    bind: ({ args, returns }) => bindAverage(args[0]!, returns, false),
    fast: { op: "avg", tolerant: true },
    doc: {
      group,
      usage: "try_avg(expr)",
      summary: "Mean, NULL when the sum of decimals overflows.",
      examples: [{ sql: "try_avg(3)", result: "3.0" }],
    },
  },
];
