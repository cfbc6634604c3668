import { MillraceError } from "../errors/index.ts";
import type { Guarded } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import type { EngineTables, TableInfo, ViewPolicy } from "./engine.ts";
import { globalDatabase, GlobalViews } from "./global-views.ts";
import { requireOwner, type View, ViewPolicies } from "./view-policies.ts";

/** Temporary views of a session, by name without regard to case. The table of a memory sink is one, too. */
export class SessionCatalog implements EngineTables {
  readonly roles: ReadonlySet<string>;
  readonly #views = new Map<string, View>();
  readonly #global: GlobalViews;
  readonly #viewsOnly: boolean;

  constructor(global: GlobalViews = new GlobalViews(), roles: readonly string[] = [], viewsOnly: boolean = false) {
    this.#global = global;
    this.#viewsOnly = viewsOnly;
    this.roles = new Set(roles);
  }

  createView(name: string, plan: LogicalPlan, replace: boolean): void {
    const key = name.toLowerCase();
    if (!replace && this.#views.has(key)) throw alreadyExists(`\`${name}\``);
    this.#set(this.#views, name, () => plan);
  }
  createGlobalView(name: string, plan: LogicalPlan, replace: boolean): void {
    const key = name.toLowerCase();
    if (!replace && this.#global.has(key)) throw alreadyExists(`\`${globalDatabase}\`.\`${name}\``);
    this.#set(this.#global, name, () => plan);
  }

  /** A table whose rows are asked for at each use. */
  createLiveTable(name: string, rows: () => LogicalPlan): void {
    this.#set(this.#views, name, rows);
  }

  /** A view that is made anew keeps its policies. */
  #set(views: Map<string, View>, name: string, plan: () => LogicalPlan): void {
    const key = name.toLowerCase();
    const before = views.get(key);
    if (before !== undefined) requireOwner(before, this);
    const policies = before?.policies ?? new ViewPolicies();
    views.set(key, { name, plan, owner: this, viewsOnly: this.#viewsOnly, policies });
  }

  dropView(name: string): boolean {
    return this.#views.delete(name.toLowerCase());
  }
  dropGlobalView(name: string): boolean {
    const found = this.#global.get(name.toLowerCase());
    if (found !== undefined) requireOwner(found, this);
    return this.#global.delete(name.toLowerCase());
  }

  setRowFilter(view: string, policy: ViewPolicy | undefined): void {
    this.#owned(view).policies.rowFilter = policy;
    this.#global.policyVersion++;
  }
  setColumnMask(view: string, column: string, policy: ViewPolicy | undefined): void {
    const { masks } = this.#owned(view).policies;
    if (policy === undefined) masks.delete(column.toLowerCase());
    else masks.set(column.toLowerCase(), { ...policy, column });
    this.#global.policyVersion++;
  }
  get policyVersion(): number {
    return this.#global.policyVersion;
  }
  #owned(name: string): View {
    const found = this.#find(name);
    if (found === undefined) throw new MillraceError("TABLE_OR_VIEW_NOT_FOUND", { relationName: `\`${name}\`` });
    if (found.owner === this) return found;
    throw new MillraceError("INSUFFICIENT_PERMISSIONS", {
      report: `the view ${name} was made by another session: only that one may set and drop its row filter and column masks.`,
    });
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

  #find(name: string): View | undefined {
    const key = name.replaceAll("`", "").toLowerCase();
    const own = this.#views.get(key);
    if (own !== undefined || !key.startsWith(`${globalDatabase}.`)) return own;
    return this.#global.get(key.slice(globalDatabase.length + 1));
  }

  /** The plan of a view as it was made. */
  plan(name: string): LogicalPlan | undefined {
    return this.#find(name)?.plan();
  }
  /** Whether a view was made by another session, one that may read by format and path. */
  mayRead(name: string): boolean {
    const found = this.#find(name);
    return found !== undefined && found.owner !== this && !found.viewsOnly;
  }
  /** What the session may see of a view; undefined: everything. */
  guard(name: string): Guarded | undefined {
    return this.#find(name)?.policies.guard(name, this.roles);
  }

  find(name: string): { readonly streaming: boolean } | undefined {
    const plan = this.plan(name);
    return plan === undefined ? undefined : { streaming: isStreamingPlan(plan) };
  }
}

function alreadyExists(relationName: string): MillraceError {
  return new MillraceError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", { relationName });
}
