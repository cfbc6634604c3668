import type { OperatorMemory } from "../execution/memory/operator-memory.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { childrenOfPlan, withPlanChildren } from "../logical-plan/traverse.ts";
import { CachedTable, type CachedPlanRunner } from "./cached-table.ts";
import type { CacheLevel, EngineCache } from "./engine.ts";

/** What a cache knows of views. */
export interface CachedViews {
  /** The plan of a view, for caching by name. */
  plan(name: string): LogicalPlan | undefined;
  /** Changes whenever a row filter or column mask of any view does. */
  readonly policyVersion: number;
}

/**
 * The plans that the session keeps the rows of. A plan is known by its root node: every DataFrame that is built on a cached
 * one holds the same node, and reads the rows from here instead.
 */
export class CacheManager implements EngineCache {
  readonly #tables = new Map<LogicalPlan, CachedTable>();
  readonly #checkpoints = new Set<CachedTable>();
  readonly #runner: (without: CachedTable | undefined) => CachedPlanRunner;
  readonly #memory: OperatorMemory;
  readonly #views: CachedViews;
  #policies: number;

  /**
   * @param runner computes plans, reading from all caches but the given one
   * @param views what is known of views
   */
  constructor(
    runner: (without: CachedTable | undefined) => CachedPlanRunner,
    memory: OperatorMemory,
    views: CachedViews,
  ) {
    this.#runner = runner;
    this.#memory = memory;
    this.#views = views;
    this.#policies = views.policyVersion;
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
    this.#forgetOlderPolicies();
    const table = this.#tables.get(plan);
    if (table !== undefined && table !== without) return table.read;
    const children = childrenOfPlan(plan);
    if (children.length === 0) return plan;
    return withPlanChildren(
      plan,
      children.map((child) => this.replaced(child, without)),
    );
  }

  /** Rows that were computed under other policies are computed anew. */
  #forgetOlderPolicies(): void {
    const { policyVersion } = this.#views;
    if (this.#policies === policyVersion) return;
    this.#policies = policyVersion;
    for (const [plan, table] of this.#tables) {
      this.#tables.set(plan, this.#table(plan, table.level));
      // What cannot be removed now goes with the session.
      table.remove().catch(() => undefined);
    }
  }

  /** Removes all rows. */
  async close(): Promise<void> {
    this.#tables.clear();
    this.#checkpoints.clear();
    await this.#memory.spill.close();
  }

  #keyOf(plan: LogicalPlan): LogicalPlan {
    return plan.kind === "NamedTable" ? (this.#views.plan(plan.name) ?? plan) : plan;
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
