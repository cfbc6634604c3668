/**
 * Which operator with state of a query goes on with which state of its checkpoint. An operator is known by the name that it was
 * given; those without one by their place, counted from the sink, and by their kind. Named ones may be added, be removed, and change
 * their places; a removed one leaves its state behind, and begins anew when it comes back.
 */
import { MillraceError } from "../errors/index.ts";

export interface OperatorFact {
  /** Names the directory `state/<id>`. */
  readonly operatorId: number;
  /** Spark's name of its kind, such as `dedupe`. */
  readonly kind: string;
  /** As the user gave it. */
  readonly name: string | null;
}

export interface RecordedOperators {
  readonly operators: readonly OperatorFact[];
  /** Ids of operators that were removed: their directories stay, and are not used again. */
  readonly removed: readonly number[];
}

export interface MatchedOperators {
  /** By place in the query, counted from the sink: the id. */
  readonly ids: readonly number[];
  readonly removed: readonly number[];
}

type Wanted = Pick<OperatorFact, "kind" | "name">;

/** @throws MillraceError STATEFUL_OPERATOR_NAME.DUPLICATE */
export function requireDistinctOperators(operators: readonly Wanted[]): void {
  const names = operators.flatMap(({ name }) => (name === null ? [] : [name]));
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
  if (twice.length > 0) throw new MillraceError("STATEFUL_OPERATOR_NAME.DUPLICATE", { names: twice.join(", ") });
}

/** @param wanted the operators of the query by their place, the one nearest the sink first */
export function matchOperators(recorded: RecordedOperators, wanted: readonly Wanted[]): MatchedOperators {
  requireDistinctOperators(wanted);
  const { operators, removed } = recorded;
  const named = [...operators, ...wanted].some(({ name }) => name !== null);
  // A query whose operators have no names is held against the checkpoint as it stands.
  if (operators.length === 0 || !named) return { ids: [...wanted.keys()], removed };
  const free = new Map(operators.map((operator) => [operator.operatorId, operator]));
  const ids: (number | undefined)[] = wanted.map(() => undefined);
  const take = (place: number, fits: (operator: OperatorFact) => boolean): void => {
    const found = [...free.values()].find(fits);
    if (ids[place] !== undefined || found === undefined) return;
    free.delete(found.operatorId);
    ids[place] = found.operatorId;
  };
  for (const [place, { name }] of wanted.entries()) {
    if (name !== null) take(place, (operator) => operator.name === name);
  }
  // A name may be given later on, and lost.
  for (const [place, { kind, name }] of wanted.entries()) {
    take(place, (operator) => operator.kind === kind && (operator.name === null || name === null));
  }
  let next = Math.max(-1, ...operators.map(({ operatorId }) => operatorId), ...removed) + 1;
  const gone = [...free.values()].filter(({ name }) => name !== null).map(({ operatorId }) => operatorId);
  return { ids: ids.map((id) => id ?? next++), removed: [...removed, ...gone].sort((a, b) => a - b) };
}
