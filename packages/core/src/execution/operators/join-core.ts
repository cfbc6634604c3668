/**
 * What joins have in common: rows of the build side lie in memory, rows of the probe side meet candidates among them, a
 * condition decides, and sides that are preserved come out with NULLs for what they did not find.
 */
import { compilePredicate, type CompiledPredicate } from "../../codegen/compile-predicate.ts";
import { type BatchMemory, LentMemory, passMemory, returnMemory } from "../../columnar/batch-memory.ts";
import { gather, gatherBatch, gatherOrNull, nullVector } from "../../columnar/gather.ts";
import { lastingStrings } from "../../columnar/lasting-strings.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import { type Vector, type VectorKind, vectorKindOf } from "../../columnar/vector.ts";
import type { Expr } from "../../expressions/expression.ts";
import { ordinalsOf } from "../../expressions/traverse.ts";
import type { JoinType } from "../../logical-plan/logical-plan.ts";
import { type StructType, structType } from "../../types/data-type.ts";
import { compiledPerUse, type OperatorEnvironment } from "./operator.ts";

export interface JoinShape {
  readonly schema: StructType;
  readonly joinType: JoinType;
  readonly buildSide: "left" | "right";
  readonly build: StructType;
  readonly probe: StructType;
  readonly condition: Expr | undefined;
}

/** What a join does with rows that find a partner and with those that find none. */
export interface JoinDuties {
  /** Only one side's rows come out, once each. */
  readonly semi: boolean;
  /** Pairs come out. */
  readonly pairs: boolean;
  /** Probe rows that come out with NULLs, or once, by whether they found a partner; undefined: none do. */
  readonly probeRest: "found" | "missed" | undefined;
  /** The same for build rows, after all probe rows. */
  readonly buildRest: "found" | "missed" | undefined;
}

export function dutiesOf({ joinType, buildSide }: JoinShape): JoinDuties {
  const semi = joinType === "leftSemi" || joinType === "leftAnti";
  if (semi) {
    const kept = joinType === "leftSemi" ? "found" : "missed";
    const left = buildSide === "left";
    return { semi, pairs: false, probeRest: left ? undefined : kept, buildRest: left ? kept : undefined };
  }
  const full = joinType === "fullOuter";
  const keeps = (side: "left" | "right"): "missed" | undefined =>
    full || joinType === (side === "left" ? "leftOuter" : "rightOuter") ? "missed" : undefined;
  const probeSide = buildSide === "left" ? "right" : "left";
  return { semi, pairs: true, probeRest: keeps(probeSide), buildRest: keeps(buildSide) };
}

/** The build rows that a probe batch's rows may match. */
export interface Lookup {
  /**
   * Number of the key of each probe row, −1 where the build side has none; `heads[key]` is its first build row,
   * `following` the next one, −1 at the end. Absent: every build row is a candidate of every probe row.
   */
  keysOf?(batch: RecordBatch, memory: BatchMemory): Int32Array;
  /** The lookup is not used any more. */
  release?(): void;
  readonly heads: Int32Array;
  readonly following: Int32Array;
  /** No key has two rows. */
  readonly unique: boolean;
}

export interface CompiledCondition {
  readonly predicate: (partition: number) => CompiledPredicate;
  /** Columns of left ++ right that it reads. */
  readonly columns: ReadonlySet<number>;
}

/** The condition over left columns followed by right ones. */
export function compileCondition(shape: JoinShape, environment: OperatorEnvironment): CompiledCondition | undefined {
  const { condition } = shape;
  if (condition === undefined) return undefined;
  const [left, right] = shape.buildSide === "left" ? [shape.build, shape.probe] : [shape.probe, shape.build];
  const schema = structType([...left.fields, ...right.fields]);
  return {
    predicate: compiledPerUse(environment, [condition], () =>
      compilePredicate([condition], schema, environment.codegen),
    ),
    columns: new Set(ordinalsOf(condition)),
  };
}

/** Where the search for the pairs of one probe batch goes on. */
interface PairSearch {
  row: number;
  candidate: number;
  /** Whether what came of the batch points into its memory. */
  handedOn: boolean;
}

/** Build rows in memory and what they have met. */
export class JoinRun {
  readonly #shape: JoinShape;
  readonly #duties: JoinDuties;
  readonly #built: RecordBatch;
  readonly #lookup: Lookup;
  readonly #condition: CompiledPredicate | undefined;
  readonly #conditionColumns: ReadonlySet<number>;
  readonly #matched: Uint8Array | undefined;
  /** Whether gathered probe rows point into the memory of their batch. */
  readonly #sharesBytes: boolean;
  readonly #joinedMemory = new LentMemory();
  readonly #keyMemory = new LentMemory();
  // The pairs that were found last.
  readonly #probe: Int32Array = new Int32Array(targetBatchRows);
  readonly #build: Int32Array = new Int32Array(targetBatchRows);

  constructor(shape: JoinShape, built: RecordBatch, lookup: Lookup, condition: CompiledCondition | undefined) {
    this.#shape = shape;
    this.#duties = dutiesOf(shape);
    this.#sharesBytes = shape.probe.fields.some(({ type }) => !isFixed(vectorKindOf(type)));
    this.#built = { ...built, columns: built.columns.map(lastingStrings) };
    this.#lookup = lookup;
    this.#condition = condition?.predicate(0);
    this.#conditionColumns = condition?.columns ?? new Set();
    this.#matched = this.#duties.buildRest === undefined ? undefined : new Uint8Array(built.length);
  }

  /** Nothing is looked up any more. */
  release(): void {
    this.#lookup.release?.();
  }

  /** All that one probe batch gives, when the build side is complete. */
  *join(batch: RecordBatch): Generator<RecordBatch, void, undefined> {
    const search: PairSearch = { row: 0, candidate: -1, handedOn: this.#sharesBytes };
    let last: RecordBatch | undefined;
    let many = false;
    for (const joined of this.#joined(batch, search)) {
      if (last !== undefined) {
        many = true;
        yield last;
      }
      last = joined;
    }
    if (last === undefined || !search.handedOn) returnMemory(batch);
    // Of several results none knows when the others are done with.
    else if (!many) passMemory(batch, last);
    if (last !== undefined) yield last;
  }

  *#joined(batch: RecordBatch, search: PairSearch): Generator<RecordBatch, void, undefined> {
    const { pairs, probeRest } = this.#duties;
    if (pairs && probeRest === "missed" && this.#condition === undefined) {
      yield* this.pairs(batch, undefined, true, search);
    } else {
      const found = probeRest === undefined ? undefined : new Uint8Array(batch.length);
      yield* this.pairs(batch, found, false, search);
      if (found !== undefined) yield* this.probeRest(batch, found, search);
    }
  }

  /**
   * The pairs of one probe batch, and notes on what was found.
   * @param found      1 is written for probe rows that found a partner
   * @param outerPairs probe rows without a candidate come out among the pairs, with NULLs
   */
  *pairs(
    batch: RecordBatch,
    found: Uint8Array | undefined,
    outerPairs: boolean,
    search: PairSearch = { row: 0, candidate: -1, handedOn: false },
  ): Generator<RecordBatch, void, undefined> {
    const memory = this.#keyMemory.take();
    yield* this.#pairsByKey(batch, this.#lookup.keysOf?.(batch, memory), found, outerPairs, search);
    this.#keyMemory.giveBack(memory);
  }

  *#pairsByKey(
    batch: RecordBatch,
    keys: Int32Array | undefined,
    found: Uint8Array | undefined,
    outerPairs: boolean,
    search: PairSearch,
  ): Generator<RecordBatch, void, undefined> {
    const { pairs } = this.#duties;
    if (!pairs && this.#condition === undefined && this.#matched === undefined && keys !== undefined) {
      for (let i = 0; i < batch.length; i++) if (keys[i]! >= 0) found![i] = 1;
      return;
    }
    if (this.#built.length === 0 && !outerPairs) return;
    while (search.row < batch.length) {
      const count = this.#findPairs(batch.length, keys, outerPairs, search);
      if (count === 0) continue;
      const joined = this.#check(batch, count, found, outerPairs, search);
      if (joined !== undefined) yield joined;
    }
  }

  /** Fills the arrays of pairs from where it stopped; returns how many there are. */
  #findPairs(rows: number, keys: Int32Array | undefined, outerPairs: boolean, search: PairSearch): number {
    const probe = this.#probe;
    const build = this.#build;
    const { heads, following, unique } = this.#lookup;
    const room = probe.length;
    let count = 0;
    let { row, candidate } = search;
    if (keys === undefined) {
      const last = this.#built.length;
      if (last === 0) {
        for (; row < rows && count < room; row++) {
          probe[count] = row;
          build[count++] = -1;
        }
      } else {
        if (candidate < 0) candidate = 0;
        while (row < rows && count < room) {
          probe[count] = row;
          build[count++] = candidate++;
          if (candidate === last) {
            candidate = 0;
            row++;
          }
        }
      }
    } else if (unique) {
      for (; row < rows && count < room; row++) {
        const key = keys[row]!;
        if (key < 0 && !outerPairs) continue;
        probe[count] = row;
        build[count++] = key < 0 ? -1 : heads[key]!;
      }
    } else {
      while (row < rows && count < room) {
        if (candidate < 0) {
          const key = keys[row]!;
          candidate = key < 0 ? -1 : heads[key]!;
          if (candidate < 0) {
            if (outerPairs) {
              probe[count] = row;
              build[count++] = -1;
            }
            row++;
            continue;
          }
        }
        probe[count] = row;
        build[count++] = candidate;
        candidate = following[candidate]!;
        if (candidate < 0) row++;
      }
    }
    search.row = row;
    search.candidate = candidate;
    return count;
  }

  /** Leaves out pairs that fail the condition, marks what was found, and gives the rest if pairs are wanted. */
  #check(
    batch: RecordBatch,
    pairs: number,
    found: Uint8Array | undefined,
    outerPairs: boolean,
    search: PairSearch,
  ): RecordBatch | undefined {
    const probe = this.#probe;
    const build = this.#build;
    let count = pairs;
    if (this.#condition !== undefined) {
      const selection = new Int32Array(count);
      const kept = this.#condition.select(this.#conditionRows(batch, count), selection);
      if (kept === 0) return undefined;
      if (kept < count) {
        for (let k = 0; k < kept; k++) {
          probe[k] = probe[selection[k]!]!;
          build[k] = build[selection[k]!]!;
        }
      }
      count = kept;
    }
    if (found !== undefined) for (let k = 0; k < count; k++) found[probe[k]!] = 1;
    const matched = this.#matched;
    if (matched !== undefined) for (let k = 0; k < count; k++) if (build[k]! >= 0) matched[build[k]!] = 1;
    if (!this.#duties.pairs) return undefined;
    // Every row of the batch once: nothing to gather on its side.
    const whole = count === batch.length && isIdentity(probe, count);
    if (whole) search.handedOn = true;
    const memory = this.#joinedMemory.take();
    const probed = whole ? batch.columns : batch.columns.map((column) => gather(column, probe, count, memory));
    const built = this.#built.columns.map((column): Vector =>
      outerPairs ? gatherOrNull(column, build, count) : gather(column, build, count, memory),
    );
    const columns = this.#shape.buildSide === "left" ? [...built, ...probed] : [...probed, ...built];
    const joined = { schema: this.#shape.schema, length: count, columns };
    this.#joinedMemory.lend(joined, memory);
    return joined;
  }

  /** The columns that the condition reads; the others stand in their places without meaning. */
  #conditionRows(batch: RecordBatch, count: number): RecordBatch {
    const used = this.#conditionColumns;
    const left = this.#shape.buildSide === "left" ? this.#built : batch;
    const right = this.#shape.buildSide === "left" ? batch : this.#built;
    const side = (rows: RecordBatch, indices: Int32Array, from: number): Vector[] =>
      rows.columns.map((column, k) => (used.has(from + k) ? gather(column, indices, count) : column));
    const leftRows = side(left, left === batch ? this.#probe : this.#build, 0);
    const rightRows = side(right, right === batch ? this.#probe : this.#build, left.columns.length);
    return { schema: this.#shape.schema, length: count, columns: [...leftRows, ...rightRows] };
  }

  /** Probe rows that come out by whether they found a partner among all build rows. */
  *probeRest(batch: RecordBatch, found: Uint8Array, search?: PairSearch): Generator<RecordBatch, void, undefined> {
    const { semi, probeRest } = this.#duties;
    if (probeRest === undefined) return;
    const rows = positions(found, batch.length, probeRest === "found" ? 1 : 0);
    if (rows.length === 0) return;
    if (rows.length === batch.length && search !== undefined) search.handedOn = true;
    const own = rows.length === batch.length ? batch : gatherBatch(batch, rows, rows.length);
    yield semi ? { ...own, schema: this.#shape.schema } : this.#withNulls(own.columns, rows.length, "probe");
  }

  /** Build rows that come out after all probe rows. */
  *buildRest(): Generator<RecordBatch, void, undefined> {
    const { semi, buildRest } = this.#duties;
    if (this.#matched === undefined) return;
    const rows = positions(this.#matched, this.#built.length, buildRest === "found" ? 1 : 0);
    for (let from = 0; from < rows.length; from += targetBatchRows) {
      const part = rows.subarray(from, from + targetBatchRows);
      const own = gatherBatch(this.#built, part, part.length);
      yield semi ? { ...own, schema: this.#shape.schema } : this.#withNulls(own.columns, part.length, "build");
    }
  }

  #withNulls(own: readonly Vector[], length: number, side: "probe" | "build"): RecordBatch {
    const { buildSide, schema, probe, build } = this.#shape;
    const other = (side === "probe" ? build : probe).fields.map((f) => nullVector(f.type, length));
    const ownFirst = (side === "build") === (buildSide === "left");
    return { schema, length, columns: ownFirst ? [...own, ...other] : [...other, ...own] };
  }
}

/** Whether a vector of the kind is gathered without pointing into its source. */
function isFixed(kind: VectorKind): boolean {
  return kind !== "bytes" && kind !== "list" && kind !== "map" && kind !== "struct";
}

function isIdentity(indices: Int32Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (indices[i] !== i) return false;
  return true;
}

function positions(flags: Uint8Array, length: number, wanted: 0 | 1): Int32Array {
  const result = new Int32Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) if (flags[i] === wanted) result[count++] = i;
  return result.subarray(0, count);
}
