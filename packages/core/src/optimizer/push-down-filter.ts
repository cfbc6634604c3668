/**
 * Moves filters towards the sources.
 *
 * Safe: through a projection, when the columns it uses are deterministic (they are computed again below); through a union, into
 * every input; into the sides of an inner or cross join, into the preserved side of an outer join; through an aggregation
 * when only grouping columns are used and there is a grouping; through windows when only partition columns are used;
 * through a watermark when the event-time column is not
 * used (Spark keeps late rows counting for the watermark).
 * Through a guard only what cannot fail.
 * Not safe, and left: below a limit, a user function, a generator's or expansion's own columns, anything not deterministic.
 */
import { sessionKeys } from "../analyzer/watermark-columns.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { joinConjunction, referencesOf, splitConjunction } from "../expressions/conjunction.ts";
import { cannotFail } from "./cannot-fail.ts";
import { isDeterministic } from "./deterministic.ts";
import type { Rule } from "./rule.ts";
import { transformPlanUp } from "../logical-plan/traverse.ts";
import { definitionsOf, substitute } from "./substitute.ts";

export const pushDownFilter: Rule = {
  name: "pushDownFilter",
  apply: (plan) => transformPlanUp(plan, (node) => (node.kind === "Filter" ? push(node) : node)),
};

type FilterNode = LogicalPlan & { readonly kind: "Filter" };

function push(node: FilterNode): LogicalPlan {
  const input = node.input;
  switch (input.kind) {
    case "Project": {
      const definitions = definitionsOf(input.expressions);
      const { movable, staying } = partition(node.condition, (term) =>
        [...referencesOf(term)].every((id) => isDeterministic(definitions.get(id) ?? term)),
      );
      if (movable.length === 0) return node;
      return wrap(staying, {
        ...input,
        input: push({
          kind: "Filter",
          input: input.input,
          condition: substitute(joinConjunction(movable)!, definitions),
        }),
      });
    }
    case "EventTimeWatermark": {
      const column = input.column.id;
      const { movable, staying } = partition(node.condition, (term) => !referencesOf(term).has(column));
      return moveInto(node, movable, staying, input.input, (pushed) => ({ ...input, input: pushed }));
    }
    case "Generate":
    case "Expand": {
      const below = idsOf(outputOf(input.input));
      const usable =
        input.kind === "Generate"
          ? below
          : new Set(
              [...below].filter((id) =>
                input.projections.every((p) => p.some((e) => e.kind === "Attribute" && e.id === id)),
              ),
            );
      const { movable, staying } = partition(node.condition, (term) => covers(usable, term));
      return moveInto(node, movable, staying, input.input, (pushed) => ({ ...input, input: pushed }));
    }
    case "Sort":
      // A random number belongs to a row's place in the order.
      if (!isDeterministic(node.condition)) return node;
      return { ...input, input: push({ ...node, input: input.input }) };
    case "Aggregate": {
      const keys = new Map<Attribute["id"], Expr>();
      const sessions = sessionKeys(input.grouping);
      for (const [i, key] of input.grouping.entries()) {
        // The session of a group is not that of each of its rows.
        if (sessions.includes(i)) continue;
        if (key.kind === "Attribute") keys.set(key.id, key);
        else if (key.kind === "Alias" && key.id !== undefined) keys.set(key.id, key.child);
      }
      if (keys.size === 0) return node;
      const { movable, staying } = partition(
        node.condition,
        (term) => referencesOf(term).size > 0 && covers(new Set(keys.keys()), term),
      );
      const moved = movable.map((term) => substitute(term, keys));
      return moveInto(node, moved, staying, input.input, (pushed) => ({ ...input, input: pushed }));
    }
    case "Window": {
      // All rows of a partition go or stay.
      const keys = idsOf(input.partitionBy.filter((key) => key.kind === "Attribute"));
      const { movable, staying } = partition(
        node.condition,
        (term) => referencesOf(term).size > 0 && covers(keys, term),
      );
      return moveInto(node, movable, staying, input.input, (pushed) => ({ ...input, input: pushed }));
    }
    case "Union": {
      if (!isDeterministic(node.condition)) return node;
      const output = outputOf(input);
      return {
        ...input,
        inputs: input.inputs.map((child) => {
          const columns = outputOf(child);
          const mapping = new Map<Attribute["id"], Expr>(output.map((a, i) => [a.id, columns[i]!]));
          return push({ kind: "Filter", input: child, condition: substitute(node.condition, mapping) });
        }),
      };
    }
    case "Guard": {
      // What can fail would tell of rows that the policy holds back.
      const { movable, staying } = partition(node.condition, (term) => cannotFail(term));
      return moveInto(node, movable, staying, input.input, (pushed) => ({ ...input, input: pushed }));
    }
    case "Join":
      return pushIntoJoin(node, input);
    default:
      return node;
  }
}

function pushIntoJoin(node: FilterNode, join: LogicalPlan & { readonly kind: "Join" }): LogicalPlan {
  const left = idsOf(outputOf(join.left));
  const right = idsOf(outputOf(join.right));
  const intoLeft = join.joinType !== "rightOuter" && join.joinType !== "fullOuter";
  const intoRight = join.joinType === "inner" || join.joinType === "cross" || join.joinType === "rightOuter";
  const toLeft: Expr[] = [];
  const toRight: Expr[] = [];
  const toJoin: Expr[] = [];
  const staying: Expr[] = [];
  for (const term of splitConjunction(node.condition)) {
    if (!isDeterministic(term)) staying.push(term);
    else if (intoLeft && covers(left, term)) toLeft.push(term);
    else if (intoRight && covers(right, term)) toRight.push(term);
    else if (join.joinType === "inner" || join.joinType === "cross") toJoin.push(term);
    else staying.push(term);
  }
  if (toLeft.length + toRight.length + toJoin.length === 0) return node;
  const condition = joinConjunction([...(join.condition === undefined ? [] : [join.condition]), ...toJoin]);
  const filtered = (plan: LogicalPlan, terms: readonly Expr[]): LogicalPlan => {
    const pushed = joinConjunction(terms);
    return pushed === undefined ? plan : push({ kind: "Filter", input: plan, condition: pushed });
  };
  return wrap(staying, {
    ...join,
    left: filtered(join.left, toLeft),
    right: filtered(join.right, toRight),
    joinType: join.joinType === "cross" && condition !== undefined ? "inner" : join.joinType,
    ...(condition === undefined ? {} : { condition }),
  });
}

function partition(
  condition: Expr,
  canMove: (term: Expr) => boolean,
): { readonly movable: readonly Expr[]; readonly staying: readonly Expr[] } {
  const terms = splitConjunction(condition);
  const movable = terms.filter((term) => isDeterministic(term) && canMove(term));
  return { movable, staying: terms.filter((term) => !movable.includes(term)) };
}

function moveInto(
  node: FilterNode,
  movable: readonly Expr[],
  staying: readonly Expr[],
  target: LogicalPlan,
  rebuild: (pushed: LogicalPlan) => LogicalPlan,
): LogicalPlan {
  const condition = joinConjunction(movable);
  if (condition === undefined) return node;
  return wrap(staying, rebuild(push({ kind: "Filter", input: target, condition })));
}

function wrap(staying: readonly Expr[], plan: LogicalPlan): LogicalPlan {
  const condition = joinConjunction(staying);
  return condition === undefined ? plan : { kind: "Filter", input: plan, condition };
}

function idsOf(attributes: readonly Attribute[]): ReadonlySet<Attribute["id"]> {
  return new Set(attributes.map((a) => a.id));
}

function covers(ids: ReadonlySet<Attribute["id"]>, term: Expr): boolean {
  return [...referencesOf(term)].every((id) => ids.has(id));
}
