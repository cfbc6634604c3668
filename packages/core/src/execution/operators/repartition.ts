/** Other partitions: rows by hash, by range, by number or one to each in turn; or neighbouring partitions joined, without moving rows. */
import { compilePipeline } from "../../codegen/compile-pipeline.ts";
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { gatherBatch } from "../../columnar/gather.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { sortIndices } from "../../columnar/row-order.ts";
import { type Int32Vector, isValid } from "../../columnar/vector.ts";
import { nullableOf, typeOf } from "../../expressions/typing.ts";
import type { RepartitionExec } from "../../physical-plan/physical-plan.ts";
import { hashColumns, partitionOf } from "../../state/murmur3.ts";
import { type StructType, structType } from "../../types/data-type.ts";
import type { BatchContext } from "../context.ts";
import type { MemoryReservation } from "../memory/memory-budget.ts";
import type { SpillFile } from "../memory/spill.ts";
import { chain, compiledPerUse, lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";

/** Writes the partition of each row of a batch. */
type Assign = (keys: RecordBatch, parts: Int32Array) => void;

export function compileRepartition(plan: RepartitionExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const expressions = plan.keys.map((key) => (key.kind === "SortOrder" ? key.child : key));
  const keySchema = structType(
    expressions.map((expr, i) => ({ name: `key ${i}`, type: typeOf(expr), nullable: nullableOf(expr) })),
  );
  const compiled = compiledPerUse(environment, expressions, () =>
    compilePipeline([{ kind: "project", expressions, schema: keySchema }], input.schema, environment.codegen),
  );
  const count = plan.partitions;
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      if (plan.how === "coalesce") return coalesced(partitions, count);
      let scattered: Promise<readonly KeptRows[]> | undefined;
      const scatter = async (): Promise<readonly KeptRows[]> => {
        const reservation = context.memory.budget.reserve("a repartition");
        const kept = Array.from({ length: count }, () => new KeptRows(plan.schema, context, reservation));
        const keys = compiled(0);
        if (plan.how === "range") {
          const rows = await allRows(partitions, plan.schema, reservation);
          const parts = new Int32Array(rows.length);
          ranges(keys.run(rows), plan, parts);
          await distribute(rows, parts, kept);
          return kept;
        }
        const assign = plan.how === "hash" ? byHash(count) : plan.how === "id" ? byNumber(count) : inTurn(count);
        for await (const batch of chain(partitions)) {
          const parts = new Int32Array(batch.length);
          assign(plan.keys.length > 0 ? keys.run(batch) : batch, parts);
          await distribute(batch, parts, kept);
        }
        return kept;
      };
      return Array.from({ length: count }, (_, part) =>
        lazily(async function* () {
          scattered ??= scatter();
          yield* (await scattered)[part]!.take();
        }),
      );
    },
  };
}

/** Partition p of n is made of the neighbours from ⌊p·N/n⌋ up to ⌊(p+1)·N/n⌋. */
function coalesced(partitions: readonly Partition[], count: number): readonly Partition[] {
  const { length } = partitions;
  if (count >= length) return partitions;
  return Array.from({ length: count }, (_, p) => {
    const own = partitions.slice(Math.floor((p * length) / count), Math.floor(((p + 1) * length) / count));
    return lazily(() => chain(own));
  });
}

function byHash(count: number): Assign {
  return (keys, parts) => {
    const hashes = hashColumns(keys.columns, keys.length);
    for (let i = 0; i < parts.length; i++) parts[i] = partitionOf(hashes[i]!, count);
  };
}

function byNumber(count: number): Assign {
  return (keys, parts) => {
    const column = keys.columns[0] as Int32Vector;
    const { values } = column;
    for (let i = 0; i < parts.length; i++) {
      const part = isValid(column, i) ? values[i]! % count : 0;
      parts[i] = part < 0 ? part + count : part;
    }
  };
}

function inTurn(count: number): Assign {
  let next = 0;
  return (_keys, parts) => {
    for (let i = 0; i < parts.length; i++) {
      parts[i] = next;
      next = next + 1 === count ? 0 : next + 1;
    }
  };
}

async function allRows(
  partitions: readonly Partition[],
  schema: StructType,
  reservation: MemoryReservation,
): Promise<RecordBatch> {
  const batches: RecordBatch[] = [];
  for await (const batch of chain(partitions)) {
    const own = compactBatch(batch);
    reservation.require(reservation.bytes + batchMemorySize(own));
    batches.push(own);
  }
  return concatBatches(schema, batches);
}

/** Equal shares of the rows in their order; rows with equal keys stay together. */
function ranges(keys: RecordBatch, plan: RepartitionExec, parts: Int32Array): void {
  const directions = plan.keys.map((key) => ({
    descending: key.kind === "SortOrder" && key.direction === "descending",
    nullsFirst: key.kind !== "SortOrder" || key.nulls === "first",
  }));
  const order = sortIndices(keys.columns, directions);
  if (order.length === 0) return;
  const hashes = hashColumns(keys.columns, keys.length);
  const isNewKey = (at: number): boolean => at === 0 || hashes[order[at]!] !== hashes[order[at - 1]!];
  let part = 0;
  for (let at = 0; at < order.length; at++) {
    const share = Math.floor((at * plan.partitions) / order.length);
    if (share > part && isNewKey(at)) part = share;
    parts[order[at]!] = part;
  }
}

async function distribute(batch: RecordBatch, parts: Int32Array, kept: readonly KeptRows[]): Promise<void> {
  const sizes = new Int32Array(kept.length);
  for (const part of parts) sizes[part]!++;
  const positions = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  for (let i = 0; i < parts.length; i++) positions[parts[i]!]![sizes[parts[i]!]!++] = i;
  for (const [part, indices] of positions.entries()) {
    if (indices.length > 0) await kept[part]!.add(compactBatch(gatherBatch(batch, indices, indices.length)));
  }
}

/** The rows of one partition until they are asked for: in memory while there is room, then in a file. */
class KeptRows {
  readonly #schema: StructType;
  readonly #context: BatchContext;
  readonly #reservation: MemoryReservation;
  #batches: RecordBatch[] = [];
  #bytes = 0;
  #file: SpillFile | undefined;

  constructor(schema: StructType, context: BatchContext, reservation: MemoryReservation) {
    this.#schema = schema;
    this.#context = context;
    this.#reservation = reservation;
  }

  async add(batch: RecordBatch): Promise<void> {
    const bytes = batchMemorySize(batch);
    if (this.#file === undefined) {
      if (this.#reservation.tryResize(this.#reservation.bytes + bytes)) {
        this.#batches.push(batch);
        this.#bytes += bytes;
        return;
      }
      this.#file = this.#context.memory.spill.create(this.#schema);
    }
    await this.#file.write(batch);
  }

  async *take(): AsyncGenerator<RecordBatch, void, undefined> {
    const batches = this.#batches;
    this.#batches = [];
    if (batches.length > 0) yield concatBatches(this.#schema, batches);
    this.#reservation.hold(this.#reservation.bytes - this.#bytes);
    this.#bytes = 0;
    if (this.#file !== undefined) {
      yield* this.#file.read();
      await this.#file.remove();
    }
  }
}
