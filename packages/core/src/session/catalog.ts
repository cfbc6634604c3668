import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import type { EngineTables } from "./engine.ts";

/** Temporary views of a session, by name without regard to case. The table of a memory sink is one, too. */
export class SessionCatalog implements EngineTables {
  readonly #views = new Map<string, () => LogicalPlan>();

  createView(name: string, plan: LogicalPlan, replace: boolean): void {
    const key = name.toLowerCase();
    if (!replace && this.#views.has(key)) {
      throw new MillraceError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", { relationName: `\`${name}\`` });
    }
    this.#views.set(key, () => plan);
  }

  /** A table whose rows are asked for at each use. */
  createLiveTable(name: string, rows: () => LogicalPlan): void {
    this.#views.set(name.toLowerCase(), rows);
  }

  dropView(name: string): boolean {
    return this.#views.delete(name.toLowerCase());
  }

  plan(name: string): LogicalPlan | undefined {
    return this.#views.get(name.toLowerCase())?.();
  }

  find(name: string): { readonly streaming: boolean } | undefined {
    const plan = this.plan(name);
    return plan === undefined ? undefined : { streaming: isStreamingPlan(plan) };
  }
}
