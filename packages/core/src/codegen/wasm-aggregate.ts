/**
 * The loop of a partial aggregation over numbers, as WebAssembly: the steps before it, the search for the group, the updates.
 *
 * A group is an entry in memory, keys and aggregates side by side; `slots` maps hash positions to addresses of entries
 * (0 is none). Everything that can make a row leave the loop comes before the first update of the row.
 */
import type { VectorKind } from "../columnar/vector.ts";
import { vectorKindOf } from "../columnar/vector.ts";
import { assertInvariant } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { ordinalsOf, someExpression } from "../expressions/traverse.ts";
import type { StructType } from "../types/data-type.ts";
import type { AggregatePlan, FastUpdate } from "./aggregate-plan.ts";
import { operandsOf } from "./bind-call.ts";
import { isRepeatable } from "./expression-ids.ts";
import type { PipelineStep } from "./pipeline.ts";
import { pushOverflow } from "./wasm-arithmetic.ts";
import { InputPlaces, machineOf, NumericContext, type NumericScope, type Operand, stop } from "./wasm-context.ts";
import {
  type Bytes,
  encodeModule,
  f64Const,
  getLocal,
  i32Const,
  i64Const,
  load,
  type Machine,
  op,
  store,
  WasmFunction,
} from "./wasm-encoder.ts";
import { isNumericExpression, NumericExpressions } from "./wasm-expression.ts";

/** Where the address of the next entry lies in memory, and where the columns begin. */
export const nextEntryAt = 8;
const inputAt = 16;

/** A value of an entry. */
export interface EntryField {
  readonly machine: Machine | "u8";
  readonly offset: number;
}
export interface KeyPlace {
  readonly kind: VectorKind;
  readonly value: EntryField;
  readonly isNull: EntryField | undefined;
}
/** The fields of an aggregate, by what they are for. */
export interface AggregatePlace {
  /** The count, sum, extreme value, or low half of a sum of decimals. */
  readonly value: EntryField;
  /** How often the low half has left 64 bits, upwards less downwards. */
  readonly carried: EntryField | undefined;
  readonly seen: EntryField | undefined;
  readonly count: EntryField | undefined;
}
export interface EntryLayout {
  readonly bytes: number;
  readonly keys: readonly KeyPlace[];
  readonly aggregates: readonly AggregatePlace[];
}

/** A compiled loop with what its caller must know. */
export interface NumericProgram {
  readonly binary: Uint8Array;
  readonly places: InputPlaces;
  readonly layout: EntryLayout;
}

/** The functions of the module. */
export interface NumericExports {
  /**
   * Adds rows `[from, rows)` of the columns in memory.
   * @returns `rows`, or the row where it stopped and the reason above (see `stop`)
   */
  add(from: number, rows: number, slots: number, mask: number, shift: bigint, limit: number): number;
  /** The same for columns without NULLs. */
  addPresent(from: number, rows: number, slots: number, mask: number, shift: bigint, limit: number): number;
  /** Writes `rows` numbers `first`, `first + step` … to address `at`. */
  sequence(at: number, rows: number, first: bigint, step: bigint): void;
  /** Enters entries `[first, next)` in empty slots; absent without keys. */
  rehash(first: number, next: number, slots: number, mask: number, shift: bigint): number;
}

/** The program of an aggregation, when all of it is numbers. */
export function compileNumericAggregation(
  steps: readonly PipelineStep[],
  input: StructType,
  keys: readonly Expr[],
  keyFields: StructType,
  plans: readonly AggregatePlan[],
): NumericProgram | undefined {
  if (!steps.every(isNumericStep) || plans.some(({ fast }) => fast === undefined)) return undefined;
  // An entry does not hold decimals as keys.
  if (keyFields.fields.some(({ type }) => machineOf(type) === undefined || type.kind === "decimal")) return undefined;
  const calls = plans.flatMap(({ call }) => (call.filter === undefined ? call.args : [...call.args, call.filter]));
  if (!usedExpressions(steps, [...keys, ...calls]).every(isNumericExpression)) return undefined;
  const layout = entryLayout(keyFields, plans);
  const places = new InputPlaces(input, inputAt);
  const aggregation = { steps, keys, plans, places, layout };
  const binary = encodeModule({
    add: emitLoop(aggregation, true),
    addPresent: emitLoop(aggregation, false),
    sequence: emitSequence(),
    ...(keys.length === 0 ? {} : { rehash: emitRehash(layout) }),
  });
  return { binary, places, layout };
}

/** What a step computes may be left out where nobody reads it, but for calls of users' functions and the like. */
function isNumericStep(step: PipelineStep): boolean {
  if (step.kind !== "project") return step.kind === "filter";
  const mustRun = (e: Expr): boolean => e.kind === "UserFunctionCall" || !isRepeatable(e);
  return !step.expressions.some((expr) => someExpression(expr, mustRun));
}

/** Expressions that are computed for rows: of projections only those that something after them reads. */
function usedExpressions(steps: readonly PipelineStep[], last: readonly Expr[]): readonly Expr[] {
  const used: Expr[] = [];
  let wanted = last;
  for (const step of steps.toReversed()) {
    if (step.kind === "filter") wanted = [...wanted, step.condition];
    if (step.kind !== "project") continue;
    used.push(...wanted);
    const read = new Set(wanted.flatMap(ordinalsOf));
    wanted = step.expressions.filter((_, ordinal) => read.has(ordinal));
  }
  return [...used, ...wanted];
}

interface Emission {
  readonly steps: readonly PipelineStep[];
  readonly keys: readonly Expr[];
  readonly plans: readonly AggregatePlan[];
  readonly places: InputPlaces;
  readonly layout: EntryLayout;
}

function entryLayout(keyFields: StructType, plans: readonly AggregatePlan[]): EntryLayout {
  const fields: { machine: EntryField["machine"]; offset: number }[] = [];
  const add = (machine: EntryField["machine"]): EntryField => {
    const field = { machine, offset: 0 };
    fields.push(field);
    return field;
  };
  const keys = keyFields.fields.map(({ type, nullable }): KeyPlace => {
    const machine = machineOf(type)!;
    return {
      kind: vectorKindOf(type),
      value: add(machine === "f64" ? "i64" : machine),
      isNull: nullable ? add("u8") : undefined,
    };
  });
  const aggregates = plans.map(({ fast }) => aggregatePlace(fast!, add));
  let bytes = 0;
  for (const width of [8, 4, 1]) {
    for (const field of fields) {
      if (widthOf(field) !== width) continue;
      field.offset = bytes;
      bytes += width;
    }
  }
  return { bytes: (bytes + 7) & ~7, keys, aggregates };
}

function widthOf({ machine }: Pick<EntryField, "machine">): number {
  return machine === "u8" ? 1 : machine === "i32" ? 4 : 8;
}

function aggregatePlace(fast: FastUpdate, add: (machine: EntryField["machine"]) => EntryField): AggregatePlace {
  const none = { carried: undefined, seen: undefined, count: undefined };
  switch (fast.op) {
    case "count":
      return { ...none, value: add("f64") };
    case "sumLong":
    case "sumShortDecimal":
      return { ...none, value: add("i64"), seen: add("u8") };
    case "sumDouble":
      return { ...none, value: add("f64"), seen: add("u8") };
    case "avg":
    case "avgShortDecimal":
      return { ...none, value: add("f64"), count: add("f64") };
    case "sumDecimal":
      return { ...none, value: add("i64"), carried: add("i64"), seen: add("u8") };
    case "avgDecimal":
      return { ...none, value: add("i64"), carried: add("i64"), count: add("f64") };
    case "min":
    case "max": {
      const machine = fast.kind === "i64" ? "i64" : fast.kind === "f32" || fast.kind === "f64" ? "f64" : "i32";
      return { ...none, value: add(machine), seen: add("u8") };
    }
  }
}

const parameters: readonly Machine[] = ["i32", "i32", "i32", "i32", "i64", "i32"];
const [fromAt, rowsAt, slotsAt, maskAt, shiftAt, limitAt] = [0, 1, 2, 3, 4, 5] as const;

function emitLoop(aggregation: Emission, nulls: boolean): WasmFunction {
  const { steps, keys, plans, places, layout } = aggregation;
  const fn = new WasmFunction(parameters);
  const row = fromAt;
  const context = new NumericContext(fn, row, places, nulls);
  const expressions = new NumericExpressions(context);
  fn.block("block", (done) => {
    fn.block("loop", (next) => {
      fn.write(getLocal(row), getLocal(rowsAt), op.i32.geUnsigned);
      fn.jumpIf(done);
      fn.block("block", (rowEnd) => {
        let scope: NumericScope = context.input;
        for (const step of steps) {
          if (step.kind === "filter") {
            for (const conjunct of conjunctsOf(step.condition)) {
              expressions.pushTrue(expressions.emit(conjunct, scope));
              fn.write(op.i32.eqz);
              fn.jumpIf(rowEnd);
            }
          } else if (step.kind === "project") {
            scope = projected(step.expressions, scope, context, expressions);
          }
        }
        const words = keys.map((key, k) => keyWord(context, expressions.emit(key, scope), layout.keys[k]!));
        const updates = plans.map((plan) => emitArguments(plan, context, expressions, scope));
        const entry = keys.length === 0 ? getLocal(slotsAt) : emitSearch(context, layout, words);
        plans.forEach((plan, k) => {
          const { guard, args } = updates[k]!;
          const update = (): void => emitUpdate(plan, context, args, entry, layout.aggregates[k]!);
          if (guard === undefined) update();
          else {
            fn.write(guard);
            fn.branch(update);
          }
        });
      });
      fn.write(getLocal(row), i32Const(1), op.i32.add);
      fn.setLocal(row);
      fn.jump(next);
    });
  });
  fn.write(getLocal(rowsAt));
  return fn;
}

function conjunctsOf(condition: Expr): readonly Expr[] {
  return condition.kind === "Call" && condition.fn === "and" ? operandsOf(condition, "and") : [condition];
}

/** The columns of a projection are computed where they are first used. */
function projected(
  columns: readonly Expr[],
  row: NumericScope,
  context: NumericContext,
  expressions: NumericExpressions,
): NumericScope {
  return { id: context.ids.fresh(), column: (ordinal) => expressions.emit(columns[ordinal]!, row) };
}

/** A key as it lies in the entry: floating-point numbers by their bits, with one zero and one NaN; 0 where NULL. */
function keyWord(context: NumericContext, { machine, push, isNull }: Operand, { value }: KeyPlace): Operand {
  const { fn } = context;
  let word = push;
  if (machine === "f64") {
    fn.write(
      f64Const(Number.NaN),
      push,
      f64Const(0),
      op.f64.add,
      push,
      push,
      op.f64.ne,
      op.select,
      op.i64.reinterpretF64,
    );
    word = context.settled("i64");
  }
  const own = value.machine as "i32" | "i64";
  if (isNull === undefined) return { machine: own, push: word, isNull };
  fn.write(own === "i64" ? i64Const(0n) : i32Const(0), word, isNull, op.select);
  return context.value(own, isNull);
}

interface Arguments {
  /** Puts 1 on the stack where the aggregate takes the row; undefined where it always does. */
  readonly guard: Bytes | undefined;
  readonly args: readonly Operand[];
}

function emitArguments(
  { call }: AggregatePlan,
  context: NumericContext,
  expressions: NumericExpressions,
  row: NumericScope,
): Arguments {
  const { fn } = context;
  const { filter } = call;
  const all = (): Arguments => {
    const args = call.args.map((arg) => expressions.emit(arg, row));
    const isNull = context.anyNull(args);
    if (isNull === undefined) return { guard: undefined, args };
    fn.write(isNull, op.i32.eqz);
    return { guard: context.settled("i32"), args };
  };
  if (filter === undefined) return all();
  const guard = fn.local("i32");
  expressions.pushTrue(expressions.emit(filter, row));
  fn.setLocal(guard);
  fn.write(getLocal(guard));
  let inside: Arguments | undefined;
  context.branch(() => {
    inside = all();
    if (inside.guard !== undefined) {
      fn.write(inside.guard);
      fn.setLocal(guard);
    }
  });
  return { guard: getLocal(guard), args: inside!.args };
}

/** Multiplies by 2^64 divided by the golden ratio: the upper bits depend on all of a key's. */
const mixer = i64Const(-0x61c8864680b583ebn);

/** The hash position of a key, as a local that probing moves on. */
function emitPosition(fn: WasmFunction, words: readonly Operand[], shift: Bytes): number {
  words.forEach(({ machine, push }, k) => {
    if (k > 0) fn.write(i64Const(23n), op.i64.rotl);
    fn.write(push);
    if (machine === "i32") fn.write(op.i64.fromI32);
    if (k > 0) fn.write(op.i64.xor);
    fn.write(mixer, op.i64.mul);
  });
  fn.write(shift, op.i64.shrUnsigned, op.i32.fromI64);
  const at = fn.local("i32");
  fn.setLocal(at);
  return at;
}

/** The address of the entry of a key; makes one for a new key. */
function emitSearch(context: NumericContext, layout: EntryLayout, words: readonly Operand[]): Bytes {
  const { fn } = context;
  const at = emitPosition(fn, words, getLocal(shiftAt));
  const entryLocal = fn.local("i32");
  const entry = getLocal(entryLocal);
  const slot = (): void => fn.write(getLocal(slotsAt), getLocal(at), i32Const(2), op.i32.shl, op.i32.add);
  fn.block("block", (found) => {
    fn.block("loop", (again) => {
      slot();
      fn.write(load("i32", 0));
      fn.setLocal(entryLocal);
      fn.write(entry, op.i32.eqz);
      fn.branch(() => {
        fn.write(i32Const(nextEntryAt), load("i32", 0));
        fn.setLocal(entryLocal);
        fn.write(entry, getLocal(limitAt), op.i32.eq);
        context.stopIf(stop.tableFull);
        fn.write(i32Const(nextEntryAt), entry, i32Const(layout.bytes), op.i32.add, store("i32", 0));
        slot();
        fn.write(entry, store("i32", 0));
        words.forEach(({ push, isNull }, k) => {
          const place = layout.keys[k]!;
          writeField(fn, entry, place.value, () => fn.write(push));
          if (place.isNull !== undefined && isNull !== undefined)
            writeField(fn, entry, place.isNull, () => fn.write(isNull));
        });
        fn.jump(found);
      });
      words.forEach(({ push, isNull }, k) => {
        const place = layout.keys[k]!;
        fn.write(entry, load(place.value.machine, place.value.offset), push);
        fn.write(place.value.machine === "i64" ? op.i64.eq : op.i32.eq);
        if (place.isNull !== undefined)
          fn.write(entry, load("u8", place.isNull.offset), isNull ?? i32Const(0), op.i32.eq, op.i32.and);
        if (k > 0) fn.write(op.i32.and);
      });
      fn.jumpIf(found);
      fn.write(getLocal(at), i32Const(1), op.i32.add, getLocal(maskAt), op.i32.and);
      fn.setLocal(at);
      fn.jump(again);
    });
  });
  return entry;
}

function emitRehash(layout: EntryLayout): WasmFunction {
  const fn = new WasmFunction(["i32", "i32", "i32", "i32", "i64"]);
  const [entryAt, next, slots, mask, shift] = [0, 1, 2, 3, 4].map(getLocal) as [Bytes, Bytes, Bytes, Bytes, Bytes];
  fn.block("block", (done) => {
    fn.block("loop", (again) => {
      fn.write(entryAt, next, op.i32.geUnsigned);
      fn.jumpIf(done);
      const words = layout.keys.map(({ value }): Operand => {
        const machine = value.machine as "i32" | "i64";
        const local = fn.local(machine);
        fn.write(entryAt, load(machine, value.offset));
        fn.setLocal(local);
        return { machine, push: getLocal(local), isNull: undefined };
      });
      const at = emitPosition(fn, words, shift);
      const slot = (): void => fn.write(slots, getLocal(at), i32Const(2), op.i32.shl, op.i32.add);
      fn.block("block", (free) => {
        fn.block("loop", (probe) => {
          slot();
          fn.write(load("i32", 0), op.i32.eqz);
          fn.jumpIf(free);
          fn.write(getLocal(at), i32Const(1), op.i32.add, mask, op.i32.and);
          fn.setLocal(at);
          fn.jump(probe);
        });
      });
      slot();
      fn.write(entryAt, store("i32", 0));
      fn.write(entryAt, i32Const(layout.bytes), op.i32.add);
      fn.setLocal(0);
      fn.jump(again);
    });
  });
  fn.write(i32Const(0));
  return fn;
}

function emitSequence(): WasmFunction {
  const fn = new WasmFunction(["i32", "i32", "i64", "i64"]);
  const [at, rows, value, step] = [0, 1, 2, 3] as const;
  const end = fn.local("i32");
  fn.write(getLocal(at), getLocal(rows), i32Const(3), op.i32.shl, op.i32.add);
  fn.setLocal(end);
  fn.block("block", (done) => {
    fn.block("loop", (next) => {
      fn.write(getLocal(at), getLocal(end), op.i32.geUnsigned);
      fn.jumpIf(done);
      fn.write(getLocal(at), getLocal(value), store("i64", 0));
      fn.write(getLocal(value), getLocal(step), op.i64.add);
      fn.setLocal(value);
      fn.write(getLocal(at), i32Const(8), op.i32.add);
      fn.setLocal(at);
      fn.jump(next);
    });
  });
  fn.write(i32Const(0));
  return fn;
}

function writeField(fn: WasmFunction, entry: Bytes, { machine, offset }: EntryField, value: () => void): void {
  fn.write(entry);
  value();
  fn.write(store(machine, offset));
}

function emitUpdate(
  { call, fast }: AggregatePlan,
  context: NumericContext,
  args: readonly Operand[],
  entry: Bytes,
  place: AggregatePlace,
): void {
  assertInvariant(fast !== undefined, "a numeric aggregate has a fast form");
  const { fn } = context;
  const read = ({ machine, offset }: EntryField): void => fn.write(entry, load(machine, offset));
  const count = (field: EntryField): void =>
    writeField(fn, entry, field, () => {
      read(field);
      fn.write(f64Const(1), op.f64.add);
    });
  const { value } = place;
  if (fast.op === "count") {
    count(value);
    return;
  }
  const arg = args[0]!;
  const { kind } = typeOf(call.args[0]!);
  switch (fast.op) {
    case "sumLong":
    case "sumShortDecimal": {
      const addend = asLong(context, arg);
      const isChecked = fast.op === "sumLong" ? fast.checked : fast.ansi;
      addLong(context, entry, value, addend, isChecked ? () => context.stopIf(stop.sumOverflow) : undefined);
      break;
    }
    case "sumDecimal":
    case "avgDecimal": {
      const addend = asLong(context, arg);
      addLong(context, entry, value, addend, () => {
        // What has left 64 bits upwards is counted as 1, downwards as −1.
        fn.branch(() => {
          const carried = place.carried!;
          writeField(fn, entry, carried, () => {
            read(carried);
            fn.write(i64Const(-1n), i64Const(1n), addend.push, i64Const(0n), op.i64.lt, op.select, op.i64.add);
          });
        });
      });
      break;
    }
    case "sumDouble":
    case "avg":
    case "avgShortDecimal":
      writeField(fn, entry, value, () => {
        read(value);
        fn.write(arg.push);
        if (arg.machine !== "f64") fn.write(arg.machine === "i64" ? op.f64.fromI64 : op.f64.fromI32);
        fn.write(op.f64.add);
      });
      break;
    case "min":
    case "max": {
      const machine = value.machine as Machine;
      const isMax = fast.op === "max";
      read(value);
      const kept = context.settled(machine);
      fn.write(arg.push, kept, isMax ? op[machine].gt : op[machine].lt);
      // NaN is the greatest.
      if (kind === "float" || kind === "double") {
        const side = isMax ? arg.push : kept;
        fn.write(side, side, op.f64.ne, op.i32.or);
      }
      read(place.seen!);
      fn.write(op.i32.eqz, op.i32.or);
      fn.branch(() => writeField(fn, entry, value, () => fn.write(arg.push)));
      break;
    }
  }
  if (place.seen !== undefined) writeField(fn, entry, place.seen, () => fn.write(i32Const(1)));
  if (place.count !== undefined) count(place.count);
}

/** Whole numbers, and decimals by their digits, in 64 bits. */
function asLong(context: NumericContext, arg: Operand): Operand {
  if (arg.machine === "i64") return arg;
  context.fn.write(arg.push, arg.machine === "i32" ? op.i64.fromI32 : op.i64.truncateF64);
  return context.value("i64");
}

/** Adds to a field; `overflowed` takes 1 from the stack where the sum has left 64 bits. */
function addLong(
  context: NumericContext,
  entry: Bytes,
  field: EntryField,
  addend: Operand,
  overflowed: (() => void) | undefined,
): void {
  const { fn } = context;
  fn.write(entry, load("i64", field.offset));
  const before = context.value("i64");
  fn.write(before.push, addend.push, op.i64.add);
  const sum = context.value("i64");
  if (overflowed !== undefined) {
    pushOverflow(context, "+", before, addend, sum);
    overflowed();
  }
  writeField(fn, entry, field, () => fn.write(sum.push));
}
