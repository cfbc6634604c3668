import type { OperatorMemory } from "../execution/memory/operator-memory.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { childrenOfPlan, withPlanChildren } from "../logical-plan/traverse.ts";
import { CachedTable, type CachedPlanRunner } from "./cached-table.ts";
import type { CacheLevel, EngineCache } from "./engine.ts";

/**
 * The plans that the session keeps the rows of. A plan is known by its root node: every DataFrame that is built on a cached
 * one holds the same node, and reads the rows from here instead.
 */
export class CacheManager implements EngineCache {
  readonly #tables = new Map<LogicalPlan, CachedTable>();
  readonly #checkpoints = new Set<CachedTable>();
  readonly #runner: (without: CachedTable | undefined) => CachedPlanRunner;
  readonly #memory: OperatorMemory;
  readonly #viewOf: (name: string) => LogicalPlan | undefined;

  /**
   * @param runner computes plans, reading from all caches but the given one
   * @param viewOf the plan of a view, for caching by name
   */
  constructor(
    runner: (without: CachedTable | undefined) => CachedPlanRunner,
    memory: OperatorMemory,
    viewOf: (name: string) => LogicalPlan | undefined,
  ) {
    this.#runner = runner;
    this.#memory = memory;
    this.#viewOf = viewOf;
  }

  persist(plan: LogicalPlan, level: CacheLevel): void {
    const key = this.#keyOf(plan);
    if (this.#tables.has(key)) return;
    this.#tables.set(key, this.#table(key, level));
  }
  async unpersist(plan: LogicalPlan): Promise<void> {
    const key = this.#keyOf(plan);
    const table = this.#tables.get(key);
    this.#tables.delete(key);
    await table?.remove();
  }
  levelOf(plan: LogicalPlan): CacheLevel | undefined {
    return this.#tables.get(this.#keyOf(plan))?.level;
  }
  async clear(): Promise<void> {
    const tables = [...this.#tables.values()];
    this.#tables.clear();
    for (const table of tables) await table.remove();
  }

  async checkpoint(plan: LogicalPlan, level: CacheLevel, eager: boolean): Promise<LogicalPlan> {
    const table = this.#table(plan, level);
    this.#checkpoints.add(table);
    if (eager) await table.materialize();
    return table.read;
  }

  /** The plan with its cached parts replaced by reads of the caches. */
  replaced(plan: LogicalPlan, without?: CachedTable): LogicalPlan {
    if (this.#tables.size === 0) return plan;
    const table = this.#tables.get(plan);
    if (table !== undefined && table !== without) return table.read;
    const children = childrenOfPlan(plan);
    if (children.length === 0) return plan;
    return withPlanChildren(
      plan,
      children.map((child) => this.replaced(child, without)),
    );
  }

  /** Removes all rows. */
  async close(): Promise<void> {
    this.#tables.clear();
    this.#checkpoints.clear();
    await this.#memory.spill.close();
  }

  #keyOf(plan: LogicalPlan): LogicalPlan {
    return plan.kind === "NamedTable" ? (this.#viewOf(plan.name) ?? plan) : plan;
  }
  #table(plan: LogicalPlan, level: CacheLevel): CachedTable {
    const table: CachedTable = new CachedTable(
      plan,
      level,
      {
        schema: (each) => this.#runner(table).schema(each),
        partitions: (each) => this.#runner(table).partitions(each),
      },
      this.#memory,
    );
    return table;
  }
}
