import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import type { EngineTables, TableInfo } from "./engine.ts";
import { globalDatabase, type GlobalViews } from "./global-views.ts";

interface View {
  readonly name: string;
  plan(): LogicalPlan;
}

/** Temporary views of a session, by name without regard to case. The table of a memory sink is one, too. */
export class SessionCatalog implements EngineTables {
  readonly #views = new Map<string, View>();
  readonly #global: GlobalViews;

  constructor(global: GlobalViews = new Map()) {
    this.#global = global;
  }

  createView(name: string, plan: LogicalPlan, replace: boolean): void {
    const key = name.toLowerCase();
    if (!replace && this.#views.has(key)) throw alreadyExists(`\`${name}\``);
    this.#views.set(key, { name, plan: () => plan });
  }
  createGlobalView(name: string, plan: LogicalPlan, replace: boolean): void {
    const key = name.toLowerCase();
    if (!replace && this.#global.has(key)) throw alreadyExists(`\`${globalDatabase}\`.\`${name}\``);
    this.#global.set(key, { name, plan });
  }

  /** A table whose rows are asked for at each use. */
  createLiveTable(name: string, rows: () => LogicalPlan): void {
    this.#views.set(name.toLowerCase(), { name, plan: rows });
  }

  dropView(name: string): boolean {
    return this.#views.delete(name.toLowerCase());
  }
  dropGlobalView(name: string): boolean {
    return this.#global.delete(name.toLowerCase());
  }

  list(): readonly TableInfo[] {
    return [...this.#views.values()]
      .map(({ name }) => ({ name, namespace: [] }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
  listGlobal(): readonly TableInfo[] {
    return [...this.#global.values()]
      .map(({ name }) => ({ name, namespace: [globalDatabase] }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  plan(name: string): LogicalPlan | undefined {
    const key = name.replaceAll("`", "").toLowerCase();
    const own = this.#views.get(key);
    if (own !== undefined) return own.plan();
    return key.startsWith(`${globalDatabase}.`)
      ? this.#global.get(key.slice(globalDatabase.length + 1))?.plan
      : undefined;
  }

  find(name: string): { readonly streaming: boolean } | undefined {
    const plan = this.plan(name);
    return plan === undefined ? undefined : { streaming: isStreamingPlan(plan) };
  }
}

function alreadyExists(relationName: string): MillraceError {
  return new MillraceError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", { relationName });
}
