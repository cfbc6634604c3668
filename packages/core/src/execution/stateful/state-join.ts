/**
 * Joins two streams. Each side keeps its rows in the state for as long as rows of the other side may match them. For each
 * partition of a batch, in Spark's order of effects:
 *
 * 1. the left rows that are not late look for partners in the state of the right side, and go into the state;
 * 2. the right rows look for partners on the left side, which now has the rows of this batch too, and go into the state;
 * 3. rows that the watermark has reached leave the state. Those of a side that is preserved come out with NULLs when they
 *    never found a partner.
 *
 * Of a semi join the right rows come first: a left row with a partner in the same batch comes out and is not kept.
 *
 * Partners are looked for among the rows of a key by time, when the condition has a range of times (`join-index.ts`); the
 * condition itself then decides. NULL keys have no partner. A semi join gives out a left row with its first partner.
 * @see Spark `StreamingSymmetricHashJoinExec`
 */
import { compileColumn } from "../../codegen/compile-pipeline.ts";
import { type CompiledPredicate, compilePredicate } from "../../codegen/compile-predicate.ts";
import { gather, gatherBatch, nullVector, sliceBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Vector } from "../../columnar/vector.ts";
import { stateWatermarkMs } from "../../analyzer/join-times.ts";
import type { Expr } from "../../expressions/expression.ts";
import { ordinalsOf } from "../../expressions/traverse.ts";
import type { StateJoinExec, StateJoinSide } from "../../physical-plan/stateful.ts";
import { encodeRows } from "../../state/unsafe-row.ts";
import { type StructType, structType, timestampType } from "../../types/data-type.ts";
import { compiledPerUse, type Operator, type OperatorEnvironment, type Partition } from "../operators/operator.ts";
import { Candidates, type RangeOfRow, rangesOf } from "./join-candidates.ts";
import { JoinSide } from "./join-side.ts";
import { statefulOperator, type StatePartition } from "./state-partition.ts";

type SideName = "left" | "right";
const otherOf = { left: "right", right: "left" } as const;

/** Rows that look for partners, and go into the state, at a stretch. */
const rowsPerStretch = 4096;
/** Rows that leave at a stretch. */
const rowsPerLeaving = 2048;

interface Compiled {
  /** The condition over both sides. */
  readonly condition: CompiledPredicate | undefined;
  readonly own: Readonly<Record<SideName, CompiledPredicate | undefined>>;
  /** Of each side's rows: between which times of the other side their partners lie. */
  readonly ranges: Readonly<Record<SideName, RangeOfRow>>;
}

interface PartitionSides {
  readonly left: JoinSide;
  readonly right: JoinSide;
}

export function compileStateJoin(plan: StateJoinExec, environment: OperatorEnvironment): Operator {
  const inputs = [environment.compile(plan.left), environment.compile(plan.right)];
  const compiled = compileExpressions(plan, environment);
  environment.source(plan.id, compiled(0).condition?.source ?? "");
  const partitions = new Map<number, PartitionSides>();
  const { stores } = plan.state;
  const preserved = preservedSides(plan.joinType);
  const marks = { left: preserved.left || plan.joinType === "leftSemi", right: preserved.right };
  const newSides = (): PartitionSides => ({
    left: new JoinSide(plan.sides.left, stores[0]!, stores[1]!, marks.left),
    right: new JoinSide(plan.sides.right, stores[2]!, stores[3]!, marks.right),
  });
  return statefulOperator(plan, inputs, async function* (state, left, right) {
    let sides = partitions.get(state.index);
    if (sides === undefined) partitions.set(state.index, (sides = newSides()));
    yield* new JoinBatch(plan, preserved, sides, compiled(state.index), state).run(left!, right!);
  });
}

/** Sides whose rows come out with NULLs when they have no partner. */
function preservedSides(joinType: StateJoinExec["joinType"]): Readonly<Record<SideName, boolean>> {
  const full = joinType === "fullOuter";
  return { left: full || joinType === "leftOuter", right: full || joinType === "rightOuter" };
}

function compileExpressions(plan: StateJoinExec, environment: OperatorEnvironment): (partition: number) => Compiled {
  const fields = (side: SideName) => plan[side].schema.fields.slice(0, plan.sides[side].columns);
  const schemas = { left: structType(fields("left")), right: structType(fields("right")) };
  const both = structType([...fields("left"), ...fields("right")]);
  const { condition, sides } = plan;
  const { codegen } = environment;
  const predicate = (expr: Expr | undefined, schema: StructType): CompiledPredicate | undefined =>
    expr === undefined ? undefined : compilePredicate([expr], schema, codegen);
  const expressions = [condition, sides.left.condition, sides.right.condition].filter((expr) => expr !== undefined);
  const bounds = [...sides.left.bounds, ...sides.right.bounds].map(({ by }) => by);
  const range = (side: SideName): RangeOfRow =>
    rangesOf(
      sides[otherOf[side]].bounds.map(({ kind, by, micros }) => {
        const column = compileColumn(by, timestampType, schemas[side], codegen);
        return { kind, micros, run: (batch) => column.run({ ...batch, schema: schemas[side] }) };
      }),
    );
  return compiledPerUse(environment, [...expressions, ...bounds], () => ({
    condition: predicate(condition, both),
    own: {
      left: predicate(sides.left.condition, schemas.left),
      right: predicate(sides.right.condition, schemas.right),
    },
    ranges: { left: range("left"), right: range("right") },
  }));
}

/** One batch of one partition. */
class JoinBatch {
  readonly #plan: StateJoinExec;
  readonly #preserved: Readonly<Record<SideName, boolean>>;
  readonly #sides: PartitionSides;
  readonly #compiled: Compiled;
  readonly #state: StatePartition;
  readonly #semi: boolean;
  readonly #leftColumns: number;
  readonly #conditionColumns: ReadonlySet<number>;

  constructor(
    plan: StateJoinExec,
    preserved: Readonly<Record<SideName, boolean>>,
    sides: PartitionSides,
    compiled: Compiled,
    state: StatePartition,
  ) {
    this.#plan = plan;
    this.#preserved = preserved;
    this.#sides = sides;
    this.#compiled = compiled;
    this.#state = state;
    this.#semi = plan.joinType === "leftSemi";
    this.#leftColumns = plan.sides.left.columns;
    this.#conditionColumns = new Set(plan.condition === undefined ? [] : ordinalsOf(plan.condition));
  }

  async *run(left: Partition, right: Partition): AsyncGenerator<RecordBatch, void, undefined> {
    const state = this.#state;
    const { stores } = this.#plan.state;
    const [leftCounts, leftRows, rightCounts, rightRows] = stores.map(({ name }) => state.store(name));
    state.holds(() => this.#sides.left.memoryBytes + this.#sides.right.memoryBytes);
    this.#sides.left.open(leftCounts!, leftRows!);
    this.#sides.right.open(rightCounts!, rightRows!);
    if (this.#semi) yield* this.#input("right", right);
    yield* this.#input("left", left);
    if (!this.#semi) yield* this.#input("right", right);
    state.updatesDone();
    yield* this.#leaving("left");
    yield* this.#leaving("right");
    this.#sides.left.close();
    this.#sides.right.close();
    state.rows = leftRows!.size + rightRows!.size;
  }

  async *#input(side: SideName, rows: Partition): AsyncGenerator<RecordBatch, void, undefined> {
    const plan = this.#plan.sides[side];
    const { turns } = this.#state.context;
    for await (const batch of rows) {
      const onTime = plan.eventTime === undefined ? batch : this.#state.onTime(batch, plan.eventTime);
      for (let from = 0; from < onTime.length; from += rowsPerStretch) {
        const turn = turns?.due();
        if (turn !== undefined) await turn;
        const stretch = sliceBatch(onTime, from, Math.min(from + rowsPerStretch, onTime.length));
        yield* this.#stretch(side, yield* this.#mayMatch(side, stretch));
      }
    }
    this.#sides[side].index.seal();
  }

  /** The rows that fulfil the terms of the condition over their side alone; the others come out at once, where they do. */
  *#mayMatch(side: SideName, batch: RecordBatch): Generator<RecordBatch, RecordBatch, undefined> {
    const own = this.#compiled.own[side];
    if (own === undefined) return batch;
    const selection = new Int32Array(batch.length);
    const count = own.select(batch, selection);
    if (count === batch.length) return batch;
    if (this.#preserved[side]) {
      const rest = new Int32Array(batch.length - count);
      for (let i = 0, kept = 0, at = 0; i < batch.length; i++) {
        if (kept < count && selection[kept] === i) kept++;
        else rest[at++] = i;
      }
      yield this.#withoutPartner(side, gatherBatch(batch, rest, rest.length).columns, rest.length);
    }
    return gatherBatch(batch, selection, count);
  }

  *#stretch(side: SideName, batch: RecordBatch): Generator<RecordBatch, void, undefined> {
    const { length } = batch;
    if (length === 0) return;
    const [own, other] = [this.#sides[side], this.#sides[otherOf[side]]];
    const keyColumns = own.plan.keys.map((key) => batch.columns[key]!);
    const keys = encodeRows(keyColumns, length);
    const candidates = new Candidates(other, this.#compiled.ranges[side](batch), this.#semi && side === "right");
    const found = new Uint8Array(length);
    for (let count = candidates.find(keys, keyColumns, length); count > 0; count = candidates.next()) {
      const joined = this.#pairs(side, batch, candidates, count, found);
      if (joined !== undefined) yield joined;
    }
    if (this.#semi && side === "left") yield* this.#found(batch, found);
    this.#keep(side, batch, keys, found);
  }

  /** Leaves out pairs that fail the condition, notes what was found, and gives out the rest. */
  #pairs(
    side: SideName,
    batch: RecordBatch,
    candidates: Candidates,
    all: number,
    found: Uint8Array,
  ): RecordBatch | undefined {
    const other = this.#sides[otherOf[side]];
    const { condition } = this.#compiled;
    const { probing, kept } = candidates;
    let count = all;
    if (condition !== undefined) {
      const selection = new Int32Array(count);
      count = condition.select(this.#conditionRows(side, batch, candidates, all), selection);
      for (let i = 0; i < count; i++) {
        probing[i] = probing[selection[i]!]!;
        kept[i] = kept[selection[i]!]!;
      }
    }
    if (count === 0) return undefined;
    for (let i = 0; i < count; i++) found[probing[i]!] = 1;
    if (!this.#semi) {
      for (let i = 0; i < count; i++) other.mark(kept[i]!);
      const probed = this.#own(side, batch).map((column) => gather(column, probing, count));
      return this.#joined(side, probed, other.columns(kept, count) as Vector[], count);
    }
    if (side === "left") return undefined;
    let first = 0;
    for (let i = 0; i < count; i++) if (other.mark(kept[i]!)) kept[first++] = kept[i]!;
    if (first === 0) return undefined;
    return { schema: this.#plan.schema, length: first, columns: other.columns(kept, first) as Vector[] };
  }

  /** Rows of pairs; columns that the condition does not read stand in their places without meaning. */
  #conditionRows(side: SideName, batch: RecordBatch, { probing, kept }: Candidates, count: number): RecordBatch {
    const used = this.#conditionColumns;
    const first = { left: 0, right: this.#leftColumns };
    const own = this.#own(side, batch);
    const probed = own.map((column, k) => (used.has(first[side] + k) ? gather(column, probing, count) : column));
    const stored = this.#sides[otherOf[side]]
      .columns(kept, count, (column) => used.has(first[otherOf[side]] + column))
      .map((column) => column ?? batch.columns[0]!);
    return this.#joined(side, probed, stored, count);
  }

  #own(side: SideName, batch: RecordBatch): readonly Vector[] {
    return batch.columns.slice(0, this.#plan.sides[side].columns);
  }

  #joined(side: SideName, own: readonly Vector[], others: readonly Vector[], length: number): RecordBatch {
    const columns = side === "left" ? [...own, ...others] : [...others, ...own];
    return { schema: this.#plan.schema, length, columns };
  }

  #withoutPartner(side: SideName, columns: readonly Vector[], length: number): RecordBatch {
    const own = columns.slice(0, this.#plan.sides[side].columns);
    const { fields } = this.#plan[otherOf[side]].schema;
    const others = fields.slice(0, this.#plan.sides[otherOf[side]].columns);
    return this.#joined(
      side,
      own,
      others.map(({ type }) => nullVector(type, length)),
      length,
    );
  }

  /** Of a semi join: the left rows that have found a partner. */
  *#found(batch: RecordBatch, found: Uint8Array): Generator<RecordBatch, void, undefined> {
    const rows = new Int32Array(batch.length);
    let count = 0;
    for (let i = 0; i < batch.length; i++) if (found[i] === 1) rows[count++] = i;
    if (count === 0) return;
    const columns = this.#own("left", batch).map((column) => gather(column, rows, count));
    yield { schema: this.#plan.schema, length: count, columns };
  }

  /** Puts rows into the state that may yet find a partner, or that come out when they do not. */
  #keep(side: SideName, batch: RecordBatch, keys: ReturnType<typeof encodeRows>, found: Uint8Array): void {
    const own = this.#sides[side];
    const { length } = batch;
    // The right side has met all left rows of this batch: a row that leaves with it need not come. Of a semi join it has not, and
    // the left rows come and leave as in Spark, so that both count the same.
    const limit = side === "left" || this.#semi ? Number.NEGATIVE_INFINITY : this.#limitOf(side);
    const semiLeft = this.#semi && side === "left";
    const preserved = this.#preserved[side];
    own.bind(batch);
    const rows = new Int32Array(length);
    let count = 0;
    for (let row = 0; row < length; row++) {
      const matched = found[row] === 1;
      if (semiLeft && matched) continue;
      if (own.leavesAt(row, limit) && !(preserved && !matched)) continue;
      rows[count++] = row;
    }
    own.addAll(rows, count, keys, found);
    this.#state.updated += count;
  }

  /** The time, µs, at or before which rows of a side leave in this batch. */
  #limitOf(side: SideName): number {
    const watermark = Number(this.#state.evict);
    const { leaves } = this.#plan.sides[side] satisfies StateJoinSide;
    switch (leaves.kind) {
      case "never":
        return Number.NEGATIVE_INFINITY;
      case "byKey":
        return watermark;
      case "byTime":
        return 1000 * stateWatermarkMs(leaves.limits, watermark / 1000);
    }
  }

  async *#leaving(side: SideName): AsyncGenerator<RecordBatch, void, undefined> {
    const own = this.#sides[side];
    const limit = this.#limitOf(side);
    const { turns } = this.#state.context;
    const due = { rows: new Int32Array(64) };
    for (;;) {
      const count = own.index.due(limit, rowsPerLeaving, due);
      if (count === 0) return;
      own.lookAheadRows(due.rows, count);
      let alone = 0;
      if (this.#preserved[side]) {
        const { matched } = own.index;
        const rows = new Int32Array(count);
        for (let i = 0; i < count; i++) if (matched[due.rows[i]!] === 0) rows[alone++] = due.rows[i]!;
        if (alone > 0) yield this.#withoutPartner(side, own.columns(rows, alone) as Vector[], alone);
      }
      own.index.drop(own);
      this.#state.removed += count;
      const turn = turns?.due();
      if (turn !== undefined) await turn;
    }
  }
}
