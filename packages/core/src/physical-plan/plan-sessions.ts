import type { SortOrder } from "../expressions/expression.ts";
import type { StructType } from "../types/data-type.ts";
import type { MergeSessionsExec, PartialAggregateExec } from "./physical-plan.ts";

/** Partial results in the order of the other keys and the session, then the merge of neighbours. */
export function planMergeSessions(
  partial: PartialAggregateExec,
  plan: Pick<MergeSessionsExec, "sessions" | "aggregates"> & { readonly schema: StructType },
  planner: { newId(): number },
): MergeSessionsExec {
  const keyCount = partial.keys.length;
  const order = [...otherKeys(keyCount, plan.sessions), plan.sessions[0]!].map((ordinal): SortOrder => {
    const { type, nullable } = partial.schema.fields[ordinal]!;
    const child = { kind: "BoundReference", ordinal, type, nullable } as const;
    return { kind: "SortOrder", child, direction: "ascending", nulls: "first" };
  });
  return {
    kind: "MergeSessions",
    id: planner.newId(),
    schema: plan.schema,
    input: { kind: "Sort", id: planner.newId(), schema: partial.schema, input: partial, order },
    keyCount,
    sessions: plan.sessions,
    aggregates: plan.aggregates,
  };
}

/** The positions of the keys besides the session. */
export function otherKeys(keyCount: number, sessions: readonly number[]): readonly number[] {
  return Array.from({ length: keyCount }, (_, i) => i).filter((i) => !sessions.includes(i));
}
