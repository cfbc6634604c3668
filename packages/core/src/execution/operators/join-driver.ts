/**
 * Runs joins in bounded memory. The build side is read whole; while it fits, every probe partition streams past it. When
 * it does not, both sides go to disk:
 *
 * - with keys, dealt out to parts by a hash of the key (a grace join); each pair of parts is a smaller join of its own, dealt
 *   out again if it still is too large;
 * - a part that does not get smaller, because few keys have most of its rows, and joins without keys take the build rows
 *   piece by piece: the probe rows are read once for each piece, and which of them found a partner is kept.
 */
import { compactBatch } from "../../columnar/compact.ts";
import { concatBatches } from "../../columnar/concat.ts";
import { batchMemorySize } from "../../columnar/memory-size.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { StructType } from "../../types/data-type.ts";
import type { BatchContext } from "../context.ts";
import { dealToFiles, mostDepth, partCount, type RowHash } from "../memory/deal-rows.ts";
import type { MemoryReservation } from "../memory/memory-budget.ts";
import type { OperatorMemory } from "../memory/operator-memory.ts";
import type { SpillFile } from "../memory/spill.ts";
import { type CompiledCondition, dutiesOf, JoinRun, type JoinShape, type Lookup } from "./join-core.ts";
import { chain, type Partition } from "./operator.ts";

export interface JoinMethod {
  readonly shape: JoinShape;
  readonly condition: CompiledCondition | undefined;
  /** As error messages name it. */
  readonly name: string;
  /** Makes the build rows ready to be found. */
  lookup(built: RecordBatch): Promise<Lookup>;
  /** Hashes of the rows' keys; absent for a join without keys. */
  readonly hashes?: Readonly<Record<"build" | "probe", RowHash>>;
}

/** Where a build side stays from one execution to the next. */
export interface KeptBuild {
  readonly run: JoinRun | undefined;
  keep(run: JoinRun): void;
}

/** The place of a join's build side, where the run of the plan keeps them. */
export function keptBuild({ keptBuilds }: BatchContext, id: number): KeptBuild | undefined {
  return keptBuilds === undefined
    ? undefined
    : { run: keptBuilds.get(id), keep: (run) => void keptBuilds.set(id, run) };
}

/** Hash table and chains of a build row, about. */
const lookupBytesPerRow = 48;
/** A column's bytes are addressed by 31 bits. */
const largestBuildBytes = 0x7000_0000;
const bytesOf = (rows: number, bytes: number): number => 2 * bytes + lookupBytesPerRow * rows;

export function joinPartitions(
  method: JoinMethod,
  builds: readonly Partition[],
  probes: readonly Partition[],
  memory: OperatorMemory,
  kept?: KeptBuild,
): Partition[] {
  // Which build rows were found is known of one execution only.
  const keeps = dutiesOf(method.shape).buildRest === undefined ? kept : undefined;
  const join = new RunningJoin(method, builds, probes, memory, keeps);
  const partitions = probes.map((_, p): Partition => ({ [Symbol.asyncIterator]: () => join.partition(p) }));
  if (dutiesOf(method.shape).buildRest !== undefined) {
    partitions.push({ [Symbol.asyncIterator]: () => join.rest() });
  }
  return partitions;
}

interface Part {
  readonly build: SpillFile;
  readonly probe: SpillFile;
}

class RunningJoin {
  readonly #method: JoinMethod;
  readonly #builds: readonly Partition[];
  readonly #probes: readonly Partition[];
  readonly #memory: OperatorMemory;
  readonly #reservation: MemoryReservation;
  readonly #pulled = new Set<number>();
  #finished = 0;
  readonly #hasRest: boolean;
  #started: Promise<JoinRun | readonly RecordBatch[]> | undefined;
  /** The rest of a build side that does not fit. */
  #unread: AsyncIterator<RecordBatch> | undefined;
  #spilled = false;
  readonly #kept: KeptBuild | undefined;

  constructor(
    method: JoinMethod,
    builds: readonly Partition[],
    probes: readonly Partition[],
    memory: OperatorMemory,
    kept: KeptBuild | undefined,
  ) {
    this.#method = method;
    this.#kept = kept;
    this.#builds = builds;
    this.#probes = probes;
    this.#memory = memory;
    this.#hasRest = dutiesOf(method.shape).buildRest !== undefined;
    this.#reservation = memory.budget.reserve(method.name);
  }

  async *partition(p: number): AsyncGenerator<RecordBatch, void, undefined> {
    const built = await (this.#started ??= this.#readBuild());
    this.#pulled.add(p);
    if (built instanceof JoinRun) {
      for await (const batch of this.#probes[p]!) yield* built.join(batch);
      this.#finished++;
      if (!this.#hasRest && this.#finished === this.#probes.length) this.#end(built);
    } else {
      yield* this.#onDisk(built);
    }
  }

  /** Build rows that come out at the end. */
  async *rest(): AsyncGenerator<RecordBatch, void, undefined> {
    const built = await (this.#started ??= this.#readBuild());
    if (!(built instanceof JoinRun)) {
      yield* this.#onDisk(built);
      return;
    }
    // What was not found is known only when every probe row has been seen.
    for (let p = 0; p < this.#probes.length; p++) {
      if (!this.#pulled.has(p)) for await (const _ of this.partition(p));
    }
    yield* built.buildRest();
    this.#end(built);
  }

  #end(run: JoinRun): void {
    if (this.#kept !== undefined) return;
    run.release();
    this.#reservation.release();
  }

  /** The build side ready to be probed, or its rows so far when memory is at an end. */
  async #readBuild(): Promise<JoinRun | readonly RecordBatch[]> {
    if (this.#kept?.run !== undefined) return this.#kept.run;
    const { shape } = this.#method;
    const rows = chain(this.#builds)[Symbol.asyncIterator]();
    const batches: RecordBatch[] = [];
    let count = 0;
    let bytes = 0;
    for (;;) {
      const next = await rows.next();
      if (next.done === true) break;
      if (next.value.length === 0) continue;
      const batch = compactBatch(next.value);
      batches.push(batch);
      count += batch.length;
      bytes += batchMemorySize(batch);
      if (bytes > largestBuildBytes || !this.#reservation.tryResize(bytesOf(count, bytes))) {
        this.#unread = rows;
        return batches;
      }
    }
    const built = concatBatches(shape.build, batches);
    const run = await this.#run(built);
    this.#reservation.tryResize(bytes + lookupBytesPerRow * count);
    this.#kept?.keep(run);
    return run;
  }

  async #run(built: RecordBatch): Promise<JoinRun> {
    const { shape, condition } = this.#method;
    return new JoinRun(shape, built, await this.#method.lookup(built), condition);
  }

  /** The whole join in whatever partition is pulled first. */
  async *#onDisk(first: readonly RecordBatch[]): AsyncGenerator<RecordBatch, void, undefined> {
    if (this.#spilled) return;
    this.#spilled = true;
    const unread = this.#unread!;
    async function* allBuild(): AsyncGenerator<RecordBatch, void, undefined> {
      yield* first;
      yield* { [Symbol.asyncIterator]: () => unread };
    }
    this.#started = Promise.resolve([]);
    this.#reservation.hold(0);
    const allProbe = (): AsyncGenerator<RecordBatch, void, undefined> => chain(this.#probes);
    yield* this.#method.hashes === undefined
      ? this.#inPieces(await this.#write(allBuild(), "build"), await this.#write(allProbe(), "probe"))
      : this.#inParts(allBuild(), allProbe, 0);
    this.#reservation.release();
  }

  async #write(rows: AsyncIterable<RecordBatch>, side: "build" | "probe"): Promise<SpillFile> {
    const file = this.#memory.spill.create(this.#schemaOf(side));
    for await (const batch of rows) await file.write(batch);
    return file;
  }

  #schemaOf(side: "build" | "probe"): StructType {
    return this.#method.shape[side];
  }

  async *#inParts(
    build: AsyncIterable<RecordBatch>,
    probe: () => AsyncIterable<RecordBatch>,
    depth: number,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    const builds = await this.#deal(build, "build", depth);
    const probes = await this.#deal(probe(), "probe", depth);
    const rows = builds.reduce((sum, file) => sum + file.rows, 0);
    for (let i = 0; i < partCount; i++) {
      const part: Part = { build: builds[i]!, probe: probes[i]! };
      if (part.build.rows > 0 || part.probe.rows > 0) yield* this.#part(part, rows, depth);
      await part.build.remove();
      await part.probe.remove();
    }
  }

  async *#part(part: Part, rowsOfAll: number, depth: number): AsyncGenerator<RecordBatch, void, undefined> {
    const { rows, bytes } = part.build;
    if (bytes <= largestBuildBytes && this.#reservation.tryResize(bytesOf(rows, bytes))) {
      const run = await this.#run(await readWhole(part.build, this.#method.shape.build));
      for await (const batch of part.probe.read()) yield* run.join(batch);
      yield* run.buildRest();
      run.release();
      this.#reservation.hold(0);
    } else if (depth + 1 < mostDepth && rows < 0.75 * rowsOfAll) {
      yield* this.#inParts(part.build.read(), () => part.probe.read(), depth + 1);
    } else {
      yield* this.#inPieces(part.build, part.probe);
    }
  }

  /** Writes rows to files by the hash of their keys. */
  #deal(rows: AsyncIterable<RecordBatch>, side: "build" | "probe", depth: number): Promise<SpillFile[]> {
    return dealToFiles(rows, this.#schemaOf(side), this.#method.hashes![side], depth, this.#memory.spill);
  }

  /** The build rows piece by piece, as many as fit, against all probe rows. */
  async *#inPieces(build: SpillFile, probe: SpillFile): AsyncGenerator<RecordBatch, void, undefined> {
    const { shape } = this.#method;
    const { probeRest } = dutiesOf(shape);
    const found = probeRest === undefined ? undefined : new Uint8Array(probe.rows);
    let any = false;
    for await (const piece of this.#pieces(build)) {
      any = true;
      const run = await this.#run(piece);
      let at = 0;
      for await (const batch of probe.read()) {
        yield* run.pairs(batch, found?.subarray(at, at + batch.length), false);
        at += batch.length;
      }
      yield* run.buildRest();
      run.release();
    }
    if (found === undefined) return;
    const none = await this.#run(concatBatches(shape.build, []));
    let at = 0;
    for await (const batch of probe.read()) {
      yield* none.probeRest(batch, any ? found.subarray(at, at + batch.length) : new Uint8Array(batch.length));
      at += batch.length;
    }
  }

  async *#pieces(build: SpillFile): AsyncGenerator<RecordBatch, void, undefined> {
    let batches: RecordBatch[] = [];
    let count = 0;
    let bytes = 0;
    for await (const batch of build.read()) {
      const size = batchMemorySize(batch);
      const fits =
        bytes + size <= largestBuildBytes && this.#reservation.tryResize(bytesOf(count + batch.length, bytes + size));
      if (!fits && batches.length > 0) {
        yield concatBatches(this.#method.shape.build, batches);
        batches = [];
        count = 0;
        bytes = 0;
      }
      batches.push(batch);
      count += batch.length;
      bytes += size;
      if (!fits) this.#reservation.hold(bytesOf(count, bytes));
    }
    if (batches.length > 0) yield concatBatches(this.#method.shape.build, batches);
  }
}

async function readWhole(file: SpillFile, schema: StructType): Promise<RecordBatch> {
  const batches: RecordBatch[] = [];
  for await (const batch of file.read()) batches.push(batch);
  return concatBatches(schema, batches);
}
