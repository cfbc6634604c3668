import { MillraceError } from "../errors/index.ts";
import type { Alias, Attribute } from "../expressions/expression.ts";
import { attributeOf } from "../expressions/typing.ts";
import type { Deduplicate, LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { holdsMap, setOperationOnMap } from "./map-columns.ts";
import { unresolvedAmong } from "./resolve-attribute.ts";

/**
 * One row per distinct values of the columns (all when none are named): the first row of each group. Of a stream it is an
 * operator with state, of a table an aggregation.
 */
export function resolveDeduplicate(plan: Deduplicate, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const output = outputOf(input);
  const named =
    plan.columns === undefined
      ? output
      : plan.columns.flatMap((name) => {
          const found = output.filter((a) => sameName(a.name, name, context));
          if (found.length === 0) throw unresolvedAmong(name, output);
          return found;
        });
  const map = named.find((key) => holdsMap(key.type));
  if (map !== undefined) throw setOperationOnMap(map);
  const keys = named.filter((key, i) => named.findIndex((other) => other.id === key.id) === i);
  if (isStreamingPlan(input)) {
    return { kind: "StreamingDeduplicate", input, keys, withinWatermark: plan.withinWatermark === true };
  }
  if (plan.withinWatermark === true) {
    throw new MillraceError("UNSUPPORTED_STREAMING_OPERATION", {
      operation: "dropDuplicatesWithinWatermark on a DataFrame/Dataset that is no stream (dropDuplicates is)",
    });
  }
  return firstOfGroups(keys, input, context);
}

function firstOfGroups(keys: readonly Attribute[], input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const output = outputOf(input);
  const isKey = (a: Attribute): boolean => keys.some((k) => k.id === a.id);
  const firsts = new Map<number, Alias & { readonly id: Attribute["id"] }>();
  for (const a of output.filter((o) => !isKey(o))) {
    firsts.set(a.id, {
      kind: "Alias",
      name: a.name,
      id: context.ids.next(),
      child: {
        kind: "AggregateCall",
        fn: "first",
        args: [a, { kind: "Literal", value: false, type: { kind: "boolean" } }],
        distinct: false,
        type: a.type,
        nullable: a.nullable,
        ansi: context.evaluation.ansi,
      },
    });
  }
  const aggregate: LogicalPlan = {
    kind: "Aggregate",
    input,
    grouping: keys,
    aggregates: [...firsts.values()],
  };
  return {
    kind: "Project",
    input: aggregate,
    expressions: output.map((a) => {
      const first = firsts.get(a.id);
      return first === undefined ? a : attributeOf(first);
    }),
  };
}
