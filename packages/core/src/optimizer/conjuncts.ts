import type { Attribute, Expr } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { nullableOf } from "../expressions/typing.ts";
import { functionRegistry } from "../functions/registry.ts";
import { booleanType } from "../types/data-type.ts";

/** The terms of a conjunction, in order. */
export function splitConjunction(condition: Expr): readonly Expr[] {
  const terms: Expr[] = [];
  const pending = [condition];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "Call" && next.fn === "and") pending.push(next.args[1]!, next.args[0]!);
    else terms.push(next);
  }
  return terms;
}

/** The reverse; undefined for no terms. */
export function joinConjunction(terms: readonly Expr[]): Expr | undefined {
  return terms.reduce<Expr | undefined>(
    (all, term) =>
      all === undefined
        ? term
        : {
            kind: "Call",
            fn: "and",
            args: [all, term],
            type: booleanType,
            nullable: nullableOf(all) || nullableOf(term),
            ansi: true,
          },
    undefined,
  );
}

/** Columns that an expression reads. */
export function referencesOf(expr: Expr): ReadonlySet<Attribute["id"]> {
  const ids = new Set<Attribute["id"]>();
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "Attribute") ids.add(next.id);
    pending.push(...childrenOf(next));
  }
  return ids;
}

/** Same value for the same row, however often and wherever it is computed. */
export function isDeterministic(expr: Expr): boolean {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "UserFunctionCall" && !next.fn.deterministic) return false;
    if (next.kind === "Call" && functionRegistry.scalar(next.fn)?.deterministic === false) return false;
    pending.push(...childrenOf(next));
  }
  return true;
}
