/**
 * What joins have in common: the build side lies in memory as one batch, rows of the probe side meet candidates of it, a
 * condition decides, and sides that are preserved come out with NULLs for what they did not find.
 */
import { compilePredicate, type CompiledPredicate } from "../../codegen/compile-predicate.ts";
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { gather, gatherBatch, gatherOrNull } from "../../columnar/gather.ts";
import { type RecordBatch, targetBatchRows } from "../../columnar/record-batch.ts";
import type { Vector } from "../../columnar/vector.ts";
import type { Expr } from "../../expressions/expression.ts";
import type { JoinType } from "../../logical-plan/logical-plan.ts";
import { type StructType, structType } from "../../types/data-type.ts";
import { chain, compiledPerUse, type OperatorEnvironment, type Partition } from "./operator.ts";

export interface JoinShape {
  readonly schema: StructType;
  readonly joinType: JoinType;
  readonly buildSide: "left" | "right";
  readonly build: StructType;
  readonly probe: StructType;
  readonly condition: Expr | undefined;
}

/** Candidates of probe rows among the build rows, as linked positions; −1 ends. */
export interface Candidates {
  first(row: number): number;
  next(candidate: number): number;
}

/** All rows of the build side, copied out of the buffers they were read into. */
export async function readWhole(partitions: readonly Partition[], schema: StructType): Promise<RecordBatch> {
  const batches: RecordBatch[] = [];
  for await (const batch of chain(partitions)) if (batch.length > 0) batches.push(compactBatch(batch));
  return concatBatches(schema, batches);
}

/** The condition over left columns followed by right ones. */
export function compileCondition(
  shape: JoinShape,
  environment: OperatorEnvironment,
): ((partition: number) => CompiledPredicate) | undefined {
  const { condition } = shape;
  if (condition === undefined) return undefined;
  const [left, right] = shape.buildSide === "left" ? [shape.build, shape.probe] : [shape.probe, shape.build];
  const schema = structType([...left.fields, ...right.fields]);
  return compiledPerUse(environment, [condition], () => compilePredicate([condition], schema, environment.codegen));
}

export class JoinRun {
  readonly #shape: JoinShape;
  readonly #built: RecordBatch;
  readonly #condition: CompiledPredicate | undefined;
  readonly #matched: Uint8Array | undefined;
  readonly #keepsProbe: boolean;
  readonly #probeOnly: boolean;

  constructor(shape: JoinShape, built: RecordBatch, condition: CompiledPredicate | undefined) {
    this.#shape = shape;
    this.#built = built;
    this.#condition = condition;
    const { joinType, buildSide } = shape;
    const semi = joinType === "leftSemi" || joinType === "leftAnti";
    const full = joinType === "fullOuter";
    const keepsBuild = full || joinType === (buildSide === "left" ? "leftOuter" : "rightOuter");
    this.#keepsProbe = full || joinType === (buildSide === "left" ? "rightOuter" : "leftOuter");
    this.#probeOnly = semi && buildSide === "right";
    this.#matched = keepsBuild || (semi && buildSide === "left") ? new Uint8Array(built.length) : undefined;
  }

  /** The joined rows of one probe batch. */
  *probe(batch: RecordBatch, candidates: Candidates): Generator<RecordBatch, void, undefined> {
    const { joinType } = this.#shape;
    const buildOnly = !this.#probeOnly && (joinType === "leftSemi" || joinType === "leftAnti");
    const found = new Uint8Array(batch.length);
    const inPlace = this.#keepsProbe && this.#condition === undefined;
    let pairs = new Pairs();
    for (let i = 0; i < batch.length; i++) {
      let candidate = candidates.first(i);
      if (candidate < 0) {
        if (inPlace) pairs.add(i, -1);
        continue;
      }
      if (this.#probeOnly && this.#condition === undefined) {
        found[i] = 1;
        continue;
      }
      for (; candidate >= 0; candidate = candidates.next(candidate)) {
        pairs.add(i, candidate);
        if (pairs.count >= targetBatchRows) {
          const joined = this.#join(batch, pairs, found);
          if (joined !== undefined && !this.#probeOnly && !buildOnly) yield joined;
          pairs = new Pairs();
        }
      }
    }
    const joined = this.#join(batch, pairs, found);
    if (joined !== undefined && !this.#probeOnly && !buildOnly) yield joined;
    if (this.#probeOnly) {
      const rows = positions(found, joinType === "leftSemi" ? 1 : 0);
      if (rows.length > 0) yield { ...gatherBatch(batch, rows, rows.length), schema: this.#shape.schema };
    } else if (this.#keepsProbe && !inPlace) {
      const rows = positions(found, 0);
      if (rows.length > 0) yield this.#rows(batch, rows, new Int32Array(rows.length).fill(-1), rows.length);
    }
  }

  /** Whether rows of the build side come out after all probe rows. */
  get hasRest(): boolean {
    return this.#matched !== undefined;
  }

  /** Rows of the build side that come out after all probe rows. */
  *rest(): Generator<RecordBatch, void, undefined> {
    if (this.#matched === undefined) return;
    const { joinType, buildSide, probe, schema } = this.#shape;
    const rows = positions(this.#matched, joinType === "leftSemi" ? 1 : 0);
    for (let from = 0; from < rows.length; from += targetBatchRows) {
      const part = rows.subarray(from, from + targetBatchRows);
      const own = this.#built.columns.map((column) => gather(column, part, part.length));
      if (joinType === "leftSemi" || joinType === "leftAnti") {
        yield { schema, length: part.length, columns: own };
        continue;
      }
      const none = new Int32Array(part.length).fill(-1);
      const missing = concatBatches(probe, []).columns.map((column) => gatherOrNull(column, none, part.length));
      yield {
        schema,
        length: part.length,
        columns: buildSide === "left" ? [...own, ...missing] : [...missing, ...own],
      };
    }
  }

  /** Joins pairs, leaves out those that fail the condition, and marks what was found. */
  #join(batch: RecordBatch, pairs: Pairs, found: Uint8Array): RecordBatch | undefined {
    let { count } = pairs;
    let joined: RecordBatch | undefined;
    if (count === 0) return undefined;
    if (this.#condition !== undefined) {
      joined = this.#rows(batch, pairs.probe, pairs.build, count);
      const selection = new Int32Array(count);
      const kept = this.#condition.select(joined, selection);
      if (kept === 0) return undefined;
      if (kept < count) joined = gatherBatch(joined, selection, kept);
      for (let k = 0; k < kept; k++) {
        pairs.probe[k] = pairs.probe[selection[k]!]!;
        pairs.build[k] = pairs.build[selection[k]!]!;
      }
      count = kept;
    }
    for (let k = 0; k < count; k++) found[pairs.probe[k]!] = 1;
    if (this.#matched !== undefined) {
      for (let k = 0; k < count; k++) if (pairs.build[k]! >= 0) this.#matched[pairs.build[k]!] = 1;
    }
    return joined ?? this.#rows(batch, pairs.probe, pairs.build, count);
  }

  #rows(batch: RecordBatch, probe: Int32Array, build: Int32Array, count: number): RecordBatch {
    const probed = batch.columns.map((column) => gather(column, probe, count));
    const outer = this.#keepsProbe;
    const built = this.#built.columns.map((column): Vector =>
      outer ? gatherOrNull(column, build, count) : gather(column, build, count),
    );
    const columns = this.#shape.buildSide === "left" ? [...built, ...probed] : [...probed, ...built];
    return { schema: this.#shape.schema, length: count, columns };
  }
}

/** Growing pairs of positions. */
class Pairs {
  probe: Int32Array = new Int32Array(1024);
  build: Int32Array = new Int32Array(1024);
  count = 0;
  add(probe: number, build: number): void {
    if (this.count === this.probe.length) {
      this.probe = grown(this.probe);
      this.build = grown(this.build);
    }
    this.probe[this.count] = probe;
    this.build[this.count++] = build;
  }
}

function grown(values: Int32Array): Int32Array {
  const larger = new Int32Array(2 * values.length);
  larger.set(values);
  return larger;
}

function positions(flags: Uint8Array, wanted: 0 | 1): Int32Array {
  const result = new Int32Array(flags.length);
  let count = 0;
  for (let i = 0; i < flags.length; i++) if (flags[i] === wanted) result[count++] = i;
  return result.subarray(0, count);
}

/** The partitions of a join: those of the probe side, and one more for build rows that come out at the end. */
export function joinPartitions(
  probes: readonly Partition[],
  start: () => Promise<JoinRun>,
  candidatesOf: (batch: RecordBatch, partition: number) => Candidates,
  hasRest: boolean,
): Partition[] {
  let running: Promise<JoinRun> | undefined;
  const run = (): Promise<JoinRun> => (running ??= start());
  const pulled = new Set<number>();
  async function* probeOne(p: number): AsyncGenerator<RecordBatch, void, undefined> {
    const join = await run();
    pulled.add(p);
    for await (const batch of probes[p]!) yield* join.probe(batch, candidatesOf(batch, p));
  }
  const partitions: Partition[] = probes.map((_, p) => ({ [Symbol.asyncIterator]: () => probeOne(p) }));
  if (hasRest) {
    partitions.push({
      async *[Symbol.asyncIterator]() {
        const join = await run();
        // What was not found is known only when every probe row has been seen.
        for (let p = 0; p < probes.length; p++) if (!pulled.has(p)) for await (const _ of probeOne(p));
        yield* join.rest();
      },
    });
  }
  return partitions;
}
