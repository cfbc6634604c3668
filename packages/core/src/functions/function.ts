/**
 * What a function of the registry is: a record in a table. One file per family exports an array of records;
 * `registry.ts` joins them. The example of each record is executed by a test and docs/functions.md is generated from it.
 */
import type { WindowFrame } from "../expressions/window-expression.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import type { Emitter } from "./emitter.ts";

export interface FunctionDoc {
  readonly group: string;
  readonly summary: string;
  /** Call form, such as `substring(str, pos[, len])`. */
  readonly usage: string;
  /** SQL expression without columns and its result as `show` prints it; executed by a test. */
  readonly examples: readonly { readonly sql: string; readonly result: string }[];
}

/** What a function knows of the session when it is resolved or evaluated. */
export interface EvalContext {
  /** IANA name of the session time zone. */
  readonly timeZone: string;
  readonly ansi: boolean;
  /** `current_timestamp()` of the batch or query: µs since the epoch. */
  readonly nowMicros: bigint;
  /** Seed of `rand` and friends: the same for a replay of the same batch. */
  readonly seed: bigint;
  /** Of equal keys that a function puts into a map the last one stays; otherwise they are an error. */
  readonly lastMapKeyWins?: boolean;
  /** Number of the partition that the code is made for; functions that read it are not deterministic. Absent: 0. */
  readonly partition?: number;
}

/** The types of a call after coercion, or what is wrong with it. */
export interface Signature {
  /** Type that each argument is cast to. */
  readonly args: readonly DataType[];
  readonly returns: DataType;
}

/** Argument as seen at resolution: its type and, when constant, its value. */
export interface ArgumentInfo {
  /** Of a column, a field and a value under a name. */
  readonly name?: string;
  /** The argument as SQL, for errors. */
  readonly sql?: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly literal?: { readonly value: SqlValue };
}

export interface ScalarFunction {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly since: string;
  /** Least and greatest number of arguments; a greatest of Infinity is variadic. */
  readonly arity: readonly [number, number];
  /**
   * Types of the call. Throws MillraceError DATATYPE_MISMATCH.* for arguments that do not fit; `sql` prints the call.
   */
  resolve(args: readonly ArgumentInfo[], call: { readonly sql: string; readonly ansi: boolean }): Signature;
  /**
   * `propagate`: any NULL argument gives NULL and `eval`/`emit` never see one. `custom`: the function handles NULL.
   */
  readonly nulls: "propagate" | "custom";
  /** Whether the result can be NULL for non-null arguments (always true for `custom` unless `nullable` says otherwise). */
  readonly canReturnNull?: boolean | ((args: readonly ArgumentInfo[], ansi: boolean) => boolean);
  /** Same result for the same arguments within a batch. */
  readonly deterministic: boolean;
  /** What the lambdas among the arguments take; the function is higher-order exactly when this is there. */
  readonly lambdas?: Lambdas;
  /**
   * The interpreter form, and the JavaScript form that generated code falls back to. Called once per call site with
   * the resolved signature; the returned closure is called per row.
   */
  bind(signature: Signature, context: EvalContext, args: readonly ArgumentInfo[]): (...args: SqlValue[]) => SqlValue;
  /** The fast form: source for generated code. Must agree with `bind`; a property test compares them. */
  readonly emit?: Emitter;
  readonly doc: FunctionDoc;
}

/** How a call takes `WITHIN GROUP (ORDER BY …)`: as a text of directions (`functions/aggregates/ordered.ts`) and the keys. */
export interface WithinGroup {
  /** Least and greatest number of keys. */
  readonly keys: readonly [number, number];
  readonly required: boolean;
  /** Number of arguments before the directions; those that were left out are empty texts. */
  readonly plain: number;
  /** Whether it may stand beside DISTINCT. */
  readonly distinct?: boolean;
}

/** A parameter of a lambda. */
export interface LambdaInput {
  readonly type: DataType;
  readonly nullable: boolean;
}
/** How the arguments of a higher-order function are resolved: first the plain ones, then the lambdas, which see their types. */
export interface Lambdas {
  /** Position of the first lambda; all arguments from there on are lambdas. */
  readonly from: number;
  /** The types that the plain arguments are cast to before lambdas see them; absent: as they are. */
  coerce?(args: readonly ArgumentInfo[], call: { readonly sql: string; readonly ansi: boolean }): readonly DataType[];
  /**
   * What lambda `index` (from 0) is called with.
   * @param args the plain arguments, coerced
   * @param written number of parameters in the program's lambda, for functions that take shorter and longer ones
   */
  inputs(
    args: readonly ArgumentInfo[],
    index: number,
    written: number,
    call: { readonly sql: string; readonly ansi: boolean },
  ): readonly LambdaInput[];
}
/** A lambda at run time. It stands among the values that the closure of {@link ScalarFunction.bind} gets, see {@link lambdaOf}. */
export type LambdaClosure = (...args: SqlValue[]) => SqlValue;
/** The lambda at an argument's place. */
export function lambdaOf(value: SqlValue | undefined): LambdaClosure {
  return value as unknown as LambdaClosure;
}
/** A lambda as an argument's value: lambdas are no SQL values, but pass where those do. */
export function lambdaValue(lambda: LambdaClosure): SqlValue {
  return lambda as unknown as SqlValue;
}

/**
 * An aggregate function. Its buffer is a list of columns in Spark's layout (that is what lies in the state store), so
 * that partial results merge across tasks, batches and engines.
 */
export interface AggregateFunction {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly since: string;
  readonly arity: readonly [number, number];
  resolve(args: readonly ArgumentInfo[], call: { readonly sql: string; readonly ansi: boolean }): Signature;
  /** WITHIN GROUP (ORDER BY …); absent: not allowed. */
  readonly withinGroup?: WithinGroup | undefined;
  readonly nullable: boolean;
  /** The result does not depend on the order of the rows (sums of doubles count as independent to 1e-9). */
  readonly orderIndependent: boolean;
  /** Buffer fields, Spark's names and types. */
  buffer(
    signature: Signature,
    args: readonly ArgumentInfo[],
  ): readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[];
  /** Called once per call site. */
  bind(signature: Signature, context: EvalContext, args: readonly ArgumentInfo[]): Accumulators;
  /** Fast update of fixed-width buffers in generated code; see codegen/aggregate-emitter.ts. Optional. */
  readonly fast?: FastAggregate;
  readonly doc: FunctionDoc;
}

/**
 * The accumulators of one aggregate call: many groups, addressed by slot 0, 1, 2 …. The aggregate decides how it stores them
 * (typed arrays that grow, objects). Slots are dense; `ensure(n)` is called before slots below n are touched.
 */
export interface Accumulators {
  ensure(slots: number): void;
  /** Puts slot back to the empty state. */
  reset(slot: number): void;
  /** Adds one row's (already filtered) arguments. */
  update(slot: number, args: readonly SqlValue[]): void;
  /** The buffer of a slot as values of the `buffer` fields. Typed-imperative buffers are `binary`. */
  save(slot: number): SqlValue[];
  /** Merges a saved buffer into a slot. */
  merge(slot: number, buffer: readonly SqlValue[]): void;
  /** The final value. */
  evaluate(slot: number): SqlValue;
  /** Approximate bytes held. */
  memoryBytes?(): number;
}

/**
 * What the code generator needs to update the common aggregates without boxing: the kind of loop body.
 * `count`: count of non-null rows · `sum`/`min`/`max`: over the first argument · `avg`: sum as double and count.
 */
export interface FastAggregate {
  readonly op: "count" | "sum" | "min" | "max" | "avg";
  /** NULL instead of errors, also when ANSI. */
  readonly tolerant?: boolean;
}

/**
 * A function that exists with OVER only: a value for each row from its place in the partition. What it computes is written
 * for whole columns (execution/window/).
 */
export interface WindowFunction {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly since: string;
  readonly arity: readonly [number, number];
  readonly op: WindowOperation;
  /** The only frame that it can be given; `offset`: that of the one row it looks at; `any`: it looks at the frame's rows. */
  readonly frame: WindowFrame | "offset" | "any";
  /** Every argument but the first and the third must be a constant. */
  resolve(args: readonly ArgumentInfo[], call: { readonly sql: string; readonly ansi: boolean }): Signature;
  readonly nullable: boolean | ((args: readonly ArgumentInfo[]) => boolean);
  /** Takes IGNORE NULLS. */
  readonly ignoresNulls: boolean;
  /** Examples are over four rows in which `v` is 10, 20, 20 and 30; the result lists the four values. */
  readonly doc: FunctionDoc;
}
export type WindowOperation =
  | "rowNumber"
  | "rank"
  | "denseRank"
  | "percentRank"
  | "cumeDist"
  | "ntile"
  | "lag"
  | "lead"
  | "nthValue";

/**
 * A generator: one input row gives zero or more output rows (`explode`, `posexplode`, `inline`, `stack`).
 */
export interface GeneratorFunction {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly since: string;
  readonly arity: readonly [number, number];
  /** Keeps a row with NULLs for an empty or NULL collection (`explode_outer`). */
  readonly outer: boolean;
  resolve(
    args: readonly ArgumentInfo[],
    call: { readonly sql: string; readonly ansi: boolean },
  ): {
    readonly args: readonly DataType[];
    readonly returns: readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[];
  };
  /** The rows for one row's arguments. */
  bind(args: readonly DataType[]): (...args: SqlValue[]) => readonly (readonly SqlValue[])[];
  readonly doc: FunctionDoc;
}
