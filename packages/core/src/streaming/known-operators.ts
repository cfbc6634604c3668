import { matchOperators, type MatchedOperators, type RecordedOperators } from "../checkpoint/match-operators.ts";
import type { OperatorState } from "../physical-plan/stateful.ts";
import type { OperatorIds } from "./query-input.ts";

const factOf = ({ operatorId, operatorName, name }: OperatorState): RecordedOperators["operators"][number] => ({
  operatorId,
  kind: operatorName,
  name: name ?? null,
});

/** Gives the operators of a plan the ids by which the checkpoint knows them. */
export class KnownOperators {
  readonly #recorded: RecordedOperators;
  #matched: MatchedOperators | null = null;

  constructor(recorded: RecordedOperators) {
    this.#recorded = recorded;
  }

  readonly idsOf: OperatorIds = (operators) => {
    this.#matched = matchOperators(this.#recorded, operators.map(factOf));
    return this.#matched.ids;
  };

  /** What is recorded from now on, of the operators with their ids. */
  now(operators: readonly OperatorState[]): RecordedOperators {
    return { operators: operators.map(factOf), removed: this.#matched?.removed ?? this.#recorded.removed };
  }
}
