/** Names of a query's operators with state, by which users ask for them. */
import { MillraceError } from "../errors/index.ts";
import type { OperatorState } from "../physical-plan/stateful.ts";

/**
 * Each operator by its name: the one that it was given; else that of its kind, such as `dedupe`; where several are of one kind, `dedupe-1`, `dedupe-2` from the
 * sources to the sink. The number of an operator, as progress and the checkpoint count, is a name too.
 */
export function operatorsByName(operators: readonly OperatorState[]): ReadonlyMap<string, OperatorState> {
  const found = new Map<string, OperatorState>();
  const upwards = [...operators].sort((a, b) => b.operatorId - a.operatorId);
  for (const operator of upwards) {
    const alike = upwards.filter((other) => other.operatorName === operator.operatorName);
    const suffix = alike.length === 1 ? "" : `-${alike.indexOf(operator) + 1}`;
    found.set(operator.name ?? `${operator.operatorName}${suffix}`, operator);
  }
  return found;
}

/** @throws MillraceError STATE_OPERATOR_NOT_FOUND */
export function operatorNamed(operators: readonly OperatorState[], name: string): OperatorState {
  const byName = operatorsByName(operators);
  const found = byName.get(name) ?? operators.find(({ operatorId }) => String(operatorId) === name);
  if (found === undefined) {
    throw new MillraceError("STATE_OPERATOR_NOT_FOUND", { name, known: [...byName.keys()].join(", ") || "none" });
  }
  return found;
}
