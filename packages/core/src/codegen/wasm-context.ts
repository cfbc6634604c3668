/**
 * The body of one loop over rows in WebAssembly: values as locals, what is known already in the blocks that are open, the
 * columns in memory, and the way out. A row that the loop cannot compute exactly, or that is an error, leaves the
 * loop: generated JavaScript takes it (`numeric-groups.ts`), so that every rule of errors and rounding is written once.
 */
import type { Expr } from "../expressions/expression.ts";
import { vectorKindOf } from "../columnar/vector.ts";
import { targetBatchRows } from "../columnar/record-batch.ts";
import { assertInvariant } from "../errors/index.ts";
import { exactBound, exactLimit } from "../functions/exact-decimal.ts";
import type { DataType, Field, StructType } from "../types/data-type.ts";
import { ExpressionIds } from "./expression-ids.ts";
import {
  type Bytes,
  f64Const,
  getLocal,
  i32Const,
  i64Const,
  load,
  type Machine,
  op,
  WasmFunction,
} from "./wasm-encoder.ts";

/** A value of the current row; a boolean is the `i32` 1 or 0, a decimal the `f64` of its digits without the point. */
export interface Operand {
  readonly machine: Machine;
  /** Puts the value on the stack; cheap to repeat. Under NULL it is any value. */
  readonly push: Bytes;
  /** Puts 1 on the stack where the value is NULL, else 0; undefined where it never is. */
  readonly isNull: Bytes | undefined;
  readonly constant?: number | bigint;
  /** No value of the decimal has a greater magnitude; below 2^53. */
  readonly bound?: number;
}

/** A row that expressions are bound to. */
export interface NumericScope {
  readonly id: number;
  column(ordinal: number): Operand;
}

/** What a type is computed as; undefined for types that are not. */
export function machineOf(type: DataType): Machine | undefined {
  switch (vectorKindOf(type)) {
    case "bool":
    case "i8":
    case "i16":
    case "i32":
      return "i32";
    case "i64":
      return "i64";
    case "f32":
    case "f64":
    case "decimal":
      return "f64";
    default:
      return undefined;
  }
}

/** Rows that lie in the memory at a time. */
export const chunkRows: number = targetBatchRows;

/** Where a column of the input lies while the loop runs. */
export interface ColumnPlace {
  readonly ordinal: number;
  readonly values: number;
  /** Bytes of one value; 0 for bits. */
  readonly width: number;
  readonly validity: number;
}

/** Why the loop stopped before the last row, in the bits above the row's number. */
export const stop = { forJavaScript: 1, sumOverflow: 2, tableFull: 3 } as const;
export const stopShift = 16;

const widths = { bool: 0, i8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8, decimal: 16 } as const;

/** The columns that a loop reads, in memory from `start` on. */
export class InputPlaces {
  readonly #schema: StructType;
  readonly #places = new Map<number, ColumnPlace>();
  end: number;

  constructor(schema: StructType, start: number) {
    this.#schema = schema;
    this.end = start;
  }

  get columns(): readonly ColumnPlace[] {
    return [...this.#places.values()];
  }

  field(ordinal: number): Field {
    return this.#schema.fields[ordinal]!;
  }

  of(ordinal: number): ColumnPlace {
    const found = this.#places.get(ordinal);
    if (found !== undefined) return found;
    const width = widths[vectorKindOf(this.field(ordinal).type) as keyof typeof widths];
    const bits = chunkRows >> 3;
    const validity = this.end + (width === 0 ? bits : width * chunkRows);
    const place: ColumnPlace = { ordinal, values: this.end, width, validity };
    this.end = validity + bits;
    this.#places.set(ordinal, place);
    return place;
  }
}

export class NumericContext {
  readonly fn: WasmFunction;
  readonly ids: ExpressionIds = new ExpressionIds();
  readonly row: number;
  readonly input: NumericScope;
  readonly #known: Map<number, Operand>[] = [new Map()];

  /**
   * @param row the local that holds the row's number
   * @param nulls whether columns can have NULLs in the batches that this loop is for
   */
  constructor(fn: WasmFunction, row: number, places: InputPlaces, nulls: boolean) {
    this.fn = fn;
    this.row = row;
    const id = this.ids.fresh();
    this.input = {
      id,
      column: (ordinal) => this.#column(places.of(ordinal), places.field(ordinal), nulls),
    };
  }

  known(expr: Expr, scope: NumericScope): Operand | undefined {
    const id = this.ids.of(expr, scope.id);
    for (let i = this.#known.length - 1; i >= 0; i--) {
      const found = this.#known[i]!.get(id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  remember(expr: Expr, scope: NumericScope, value: Operand): void {
    this.#known.at(-1)!.set(this.ids.of(expr, scope.id), value);
  }

  get depth(): number {
    return this.#known.length;
  }

  /** Runs `body` when the number on the stack is not 0. What it computes is not known afterwards. */
  branch(body: () => void, otherwise?: () => void): void {
    const inside = (part: () => void) => (): void => {
      this.#known.push(new Map());
      part();
      this.#known.pop();
    };
    this.fn.branch(inside(body), otherwise === undefined ? undefined : inside(otherwise));
  }

  /** Runs `body` where the value is not NULL. */
  whenPresent(isNull: Bytes | undefined, body: () => void): void {
    if (isNull === undefined) {
      body();
      return;
    }
    this.fn.write(isNull, op.i32.eqz);
    this.branch(body);
  }

  /** The number on the stack, as a local. */
  settled(machine: Machine): Bytes {
    const local = this.fn.local(machine);
    this.fn.setLocal(local);
    return getLocal(local);
  }

  value(machine: Machine, isNull?: Bytes): Operand {
    return { machine, push: this.settled(machine), isNull };
  }

  /** Leaves the loop at this row when the number on the stack is not 0. */
  stopIf(reason: number): void {
    this.fn.branch(() => this.fn.write(getLocal(this.row), i32Const(reason << stopShift), op.i32.or, op.return));
  }

  /** Hands the row to JavaScript when the number on the stack is not 0. */
  leaveIf(): void {
    this.stopIf(stop.forJavaScript);
  }

  /** NULL where any of the values is. */
  anyNull(values: readonly Operand[]): Bytes | undefined {
    const nulls = values.flatMap(({ isNull }) => (isNull === undefined ? [] : [isNull]));
    const [first, ...others] = nulls;
    if (first === undefined || others.length === 0) return first;
    this.fn.write(first);
    for (const other of others) this.fn.write(other, op.i32.or);
    return this.settled("i32");
  }

  #column({ values, width, validity }: ColumnPlace, { type, nullable }: Field, nulls: boolean): Operand {
    const { fn } = this;
    const row = getLocal(this.row);
    const bit = (at: number): Bytes => {
      fn.write(row, i32Const(3), op.i32.shrUnsigned, load("u8", at));
      fn.write(row, i32Const(7), op.i32.and, op.i32.shrUnsigned, i32Const(1), op.i32.and);
      return this.settled("i32");
    };
    let isNull: Bytes | undefined;
    if (nullable && nulls) {
      fn.write(bit(validity), op.i32.eqz);
      isNull = this.settled("i32");
    }
    if (width === 0) return { machine: "i32", push: bit(values), isNull };
    const at = (): void => {
      fn.write(row);
      if (width > 1) fn.write(i32Const(Math.log2(width)), op.i32.shl);
    };
    at();
    switch (type.kind) {
      case "decimal":
        return this.#decimal(exactBound(type), type.precision > 18, values, isNull, at);
      case "tinyint":
        fn.write(load("i8", values));
        return this.value("i32", isNull);
      case "smallint":
        fn.write(load("i16", values));
        return this.value("i32", isNull);
      case "float":
        fn.write(load("f32", values));
        return this.value("f64", isNull);
      default: {
        const machine = machineOf(type);
        assertInvariant(machine !== undefined, "a numeric loop reads numbers");
        fn.write(load(machine, values));
        return this.value(machine, isNull);
      }
    }
  }

  /** The low half of a decimal as a double, when that is all of it. */
  #decimal(bound: number, wide: boolean, values: number, isNull: Bytes | undefined, at: () => void): Operand {
    const { fn } = this;
    fn.write(load("i64", values));
    const low = this.settled("i64");
    if (bound >= exactLimit) {
      this.whenPresent(isNull, () => {
        if (wide) {
          fn.write(low, i64Const(63n), op.i64.shr);
          at();
          fn.write(load("i64", values + 8), op.i64.ne);
          this.leaveIf();
        }
        fn.write(low, i64Const(BigInt(exactLimit) - 1n), op.i64.add, i64Const(2n * BigInt(exactLimit) - 2n));
        fn.write(op.i64.leUnsigned, op.i32.eqz);
        this.leaveIf();
      });
    }
    fn.write(low, op.f64.fromI64);
    return { machine: "f64", push: this.settled("f64"), isNull, bound };
  }
}

/** A constant; NULL when `value` is. */
export function constantOf(machine: Machine, value: number | bigint | null): Operand {
  const isNull = value === null ? i32Const(1) : undefined;
  const constant = value ?? 0;
  const push =
    machine === "i64"
      ? i64Const(BigInt(constant))
      : machine === "f64"
        ? f64Const(Number(constant))
        : i32Const(Number(constant));
  return { machine, push, isNull, ...(value === null ? {} : { constant: value }) };
}
