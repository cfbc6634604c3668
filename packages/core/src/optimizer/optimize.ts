import { assertInvariant } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { sameTypeIgnoringNullability } from "../types/data-type.ts";
import { collapseProject } from "./collapse-project.ts";
import { columnPruning } from "./column-pruning.ts";
import { combineFilters } from "./combine-filters.ts";
import { constantFolding } from "./constant-folding.ts";
import { eliminateAliases } from "./eliminate-aliases.ts";
import { eliminateFilter } from "./eliminate-filter.ts";
import { inferJoinFilters } from "./infer-join-filters.ts";
import { joinHints } from "./join-hints.ts";
import { limitWindowGroups } from "./limit-window-groups.ts";
import { pushDownFilter } from "./push-down-filter.ts";
import { pushFilterIntoScan } from "./push-filter-into-scan.ts";
import { pushJoinCondition } from "./push-join-condition.ts";
import { pushSemiJoin } from "./push-semi-join.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** Rules that enable each other, repeated until nothing changes. */
const repeated: readonly Rule[] = [
  constantFolding,
  // After constantFolding, which makes the literal TRUE.
  eliminateFilter,
  // Before pushDownFilter, so that a conjunction is split once.
  combineFilters,
  // Before pushDownFilter, which moves the filters that it makes further.
  pushJoinCondition,
  pushDownFilter,
  pushSemiJoin,
  // After the two rules before, which bring projections next to each other.
  collapseProject,
];

const once: readonly Rule[] = [
  // First: hints lie right below their joins as long as nothing has moved.
  joinHints,
  // Names are resolved, relation aliases only hide patterns from the rules below.
  eliminateAliases,
];

const between: readonly Rule[] = [
  // Once the filters have moved: what it finds is moved in another round, and it finds the same again if it were repeated.
  inferJoinFilters,
];

const last: readonly Rule[] = [
  // After the filters have moved: a column that only a filter below needs is not carried above it.
  columnPruning,
  // After the filters have moved: the one on the rank lies right above its window.
  limitWindowGroups,
  // Pruning leaves projections that only narrow; merge them again.
  collapseProject,
  // Last: the scan's columns are final, so that the pushed filter can refer to them.
  pushFilterIntoScan,
];

const maxPasses = 20;

/** A rule that changed the plan, for `explain("extended")`. */
export interface RuleTrace {
  readonly rule: string;
}

/** Rewrites an analyzed plan into one that gives the same rows with less work. */
export function optimize(plan: LogicalPlan, context: RuleContext, trace?: (entry: RuleTrace) => void): LogicalPlan {
  let current = runToEnd(runRules(plan, once, context, trace), context, trace);
  const inferred = runRules(current, between, context, trace);
  if (inferred !== current) current = runToEnd(inferred, context, trace);
  return runRules(current, last, context, trace);
}

/** The repeated rules until nothing changes. */
function runToEnd(
  plan: LogicalPlan,
  context: RuleContext,
  trace: ((entry: RuleTrace) => void) | undefined,
): LogicalPlan {
  let current = plan;
  for (let pass = 0; pass < maxPasses; pass++) {
    const next = runRules(current, repeated, context, trace);
    if (next === current) break;
    current = next;
  }
  return current;
}

function runRules(
  plan: LogicalPlan,
  rules: readonly Rule[],
  context: RuleContext,
  trace: ((entry: RuleTrace) => void) | undefined,
): LogicalPlan {
  return rules.reduce((before, rule) => {
    const after = rule.apply(before, context);
    if (after !== before) {
      assertInvariant(sameOutput(before, after), `the optimizer rule ${rule.name} changed the output of the plan`);
      trace?.({ rule: rule.name });
    }
    return after;
  }, plan);
}

function sameOutput(before: LogicalPlan, after: LogicalPlan): boolean {
  const a = outputOf(before);
  const b = outputOf(after);
  return (
    a.length === b.length && a.every((x, i) => x.name === b[i]!.name && sameTypeIgnoringNullability(x.type, b[i]!.type))
  );
}
