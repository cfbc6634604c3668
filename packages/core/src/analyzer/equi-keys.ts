import { readsOnly, splitConjunction } from "../expressions/conjunction.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";

export interface EquiKey {
  readonly left: Expr;
  readonly right: Expr;
  /** `<=>`: NULL is a value like others. */
  readonly nullSafe: boolean;
}

/** The equalities between the two sides of a join, in the order of its condition, and the terms that are none. */
export function equiKeys(
  condition: Expr | undefined,
  left: readonly Attribute[],
  right: readonly Attribute[],
): { readonly keys: readonly EquiKey[]; readonly rest: readonly Expr[] } {
  const keys: EquiKey[] = [];
  const rest: Expr[] = [];
  for (const term of condition === undefined ? [] : splitConjunction(condition)) {
    const equality = term.kind === "Call" && (term.fn === "=" || term.fn === "<=>") ? term : undefined;
    const [a, b] = equality?.args ?? [];
    const nullSafe = equality?.fn === "<=>";
    if (a === undefined || b === undefined) rest.push(term);
    else if (readsOnly(a, left) && readsOnly(b, right)) keys.push({ left: a, right: b, nullSafe });
    else if (readsOnly(b, left) && readsOnly(a, right)) keys.push({ left: b, right: a, nullSafe });
    else rest.push(term);
  }
  return { keys, rest };
}
