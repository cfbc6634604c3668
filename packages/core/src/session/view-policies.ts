import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import type { Guarded } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { ViewPolicy } from "./engine.ts";

/** A view, and what of it is kept from whom. */
export interface View {
  readonly name: string;
  plan(): LogicalPlan;
  /** The session that made it, and alone may change it once it has policies. */
  readonly owner: object;
  /** Whether that session reads views only, and so must not have given others more to read than itself. */
  readonly viewsOnly: boolean;
  readonly policies: ViewPolicies;
}

/** The policies of one view. */
export class ViewPolicies {
  rowFilter: ViewPolicy | undefined;
  /** By column in lower case. */
  readonly masks: Map<string, ViewPolicy & { readonly column: string }> = new Map();

  get isEmpty(): boolean {
    return this.rowFilter === undefined && this.masks.size === 0;
  }

  /** What a session with some roles may see; undefined: everything. */
  guard(view: string, roles: ReadonlySet<string>): Guarded | undefined {
    const binds = ({ except }: ViewPolicy): boolean => !except.some((role) => roles.has(role));
    const filter: Expr | undefined =
      this.rowFilter !== undefined && binds(this.rowFilter) ? this.rowFilter.expression : undefined;
    const masks = [...this.masks.values()]
      .filter(binds)
      .map(({ column, expression }) => ({ column, mask: expression }));
    if (filter === undefined && masks.length === 0) return undefined;
    return { kind: "Guarded", view, masks, ...(filter === undefined ? {} : { filter }) };
  }
}

export function requireOwner({ name, owner, policies }: View, session: object): void {
  if (owner === session || policies.isEmpty) return;
  throw new MillraceError("INSUFFICIENT_PERMISSIONS", {
    report: `the view ${name} has a row filter or column masks, and was made by another session: only that one may change or drop it.`,
  });
}
