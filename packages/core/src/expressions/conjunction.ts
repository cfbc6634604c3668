import { booleanType } from "../types/data-type.ts";
import type { Attribute, Expr } from "./expression.ts";
import { childrenOf } from "./traverse.ts";
import { nullableOf } from "./typing.ts";

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

/** Whether an expression reads columns, and only these. */
export function readsOnly(expr: Expr, attributes: readonly Attribute[]): boolean {
  const references = [...referencesOf(expr)];
  return references.length > 0 && references.every((id) => attributes.some((a) => a.id === id));
}
