import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { Schema } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";
import { FrameActions } from "./frame-actions.ts";
import { type PartitionItem, repartitioned } from "./plan-building.ts";
import { StorageLevel } from "./storage-level.ts";

/** Where rows are: their partitions, and results that are kept. */
export abstract class FrameStorage<S extends Schema, O extends ValueOptions> extends FrameActions<S, O> {
  /** A DataFrame of the same session with another plan. */
  protected abstract derive<R extends Schema>(plan: LogicalPlan): DataFrame<R, O>;

  // ---- partitions --------------------------------------------------------------------------------------------------------

  /**
   * Other partitions: a number of them, columns whose equal values come together, or both. Sinks write a file for each
   * partition. `df.repartition(8)`, `df.repartition("country")`, `df.repartition(8, "country")`
   */
  repartition(partitions: number, ...columns: readonly PartitionItem<S>[]): DataFrame<S, O>;
  repartition(...columns: readonly PartitionItem<S>[]): DataFrame<S, O>;
  repartition(...items: readonly unknown[]): DataFrame<S, O> {
    return this.derive(repartitioned(this.plan, "hash", items, this.repartition));
  }
  /** As `repartition`, by ranges of the columns' order: each partition has a part of it. */
  repartitionByRange(partitions: number, ...columns: readonly PartitionItem<S>[]): DataFrame<S, O>;
  repartitionByRange(...columns: readonly PartitionItem<S>[]): DataFrame<S, O>;
  repartitionByRange(...items: readonly unknown[]): DataFrame<S, O> {
    return this.derive(repartitioned(this.plan, "range", items, this.repartitionByRange));
  }
  /**
   * As `repartition`, to the partition that an INT column says: its value modulo `partitions`, NULL to partition 0.
   * `df.repartitionById(3, "shard")`
   * @throws MillraceError DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE when the column is no INT
   */
  repartitionById(partitions: number, partitionId: PartitionItem<S>): DataFrame<S, O> {
    return this.derive(repartitioned(this.plan, "id", [partitions, partitionId], this.repartitionById));
  }
  /** At most `partitions` partitions, made by joining neighbours. */
  coalesce(partitions: number): DataFrame<S, O> {
    return this.derive({ kind: "Repartition", input: this.plan, how: "coalesce", partitions, expressions: [] });
  }

  // ---- kept results ------------------------------------------------------------------------------------------------------

  /**
   * Keeps the rows of this DataFrame when they are computed for the first time, so that whatever is built on it reads them
   * instead of computing them again. By default in memory, and in temporary files what does not fit.
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_AND_DISK): this {
    if (this.isStreaming) throw new MillraceError("STREAMING_READ_IN_BATCH", {});
    this.session.engine.cache.persist(this.plan, level);
    return this;
  }
  /** Same as `persist()`. */
  cache(): this {
    return this.persist();
  }
  /** Forgets the rows that `persist` kept. */
  async unpersist(): Promise<this> {
    await this.session.engine.cache.unpersist(this.plan);
    return this;
  }
  /** Where the rows are kept; `StorageLevel.NONE` when they are not. */
  get storageLevel(): StorageLevel {
    return this.session.engine.cache.levelOf(this.plan) ?? StorageLevel.NONE;
  }
  /**
   * A DataFrame of the same rows that does not compute them again: they are computed now and kept until the session stops
   * (`eager` false: by the first action).
   */
  async localCheckpoint(
    eager: boolean = true,
    level: StorageLevel = StorageLevel.MEMORY_AND_DISK,
  ): Promise<DataFrame<S, O>> {
    return this.derive(await this.session.engine.cache.checkpoint(this.plan, level, eager));
  }
  /** As `localCheckpoint`, with all rows on disk. */
  checkpoint(eager: boolean = true): Promise<DataFrame<S, O>> {
    return this.localCheckpoint(eager, StorageLevel.DISK_ONLY);
  }
}
