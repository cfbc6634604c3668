import type { Attribute, Expr } from "../expressions/expression.ts";
import { attributeOf, isNamed } from "../expressions/typing.ts";
import { watermarkDelayMs } from "../analyzer/watermark-columns.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { referencesOf } from "../expressions/conjunction.ts";
import { isDeterministic } from "./deterministic.ts";
import type { Rule } from "./rule.ts";

/** Columns that nobody above reads are not computed and, at the leaves, not read. */
export const columnPruning: Rule = {
  name: "columnPruning",
  apply: (plan) => prune(plan, idsOf(outputOf(plan))),
};

type Ids = ReadonlySet<Attribute["id"]>;

const idsOf = (attributes: readonly Attribute[]): Ids => new Set(attributes.map((a) => a.id));

function with_(required: Ids, ...expressions: readonly Expr[]): Ids {
  const all = new Set(required);
  for (const expr of expressions) for (const id of referencesOf(expr)) all.add(id);
  return all;
}

function idOf(expr: Expr): Attribute["id"] | undefined {
  return isNamed(expr) ? attributeOf(expr).id : undefined;
}

/** `plan` with at least the required columns, in their order. */
function prune(plan: LogicalPlan, required: Ids): LogicalPlan {
  switch (plan.kind) {
    case "Scan":
    case "LocalScan": {
      const output = plan.output.filter((a) => required.has(a.id));
      return output.length === plan.output.length ? plan : { ...plan, output };
    }
    case "Project": {
      const expressions = plan.expressions.filter((e) => required.has(idOf(e)!) || !isDeterministic(e));
      const input = prune(plan.input, with_(new Set(), ...expressions));
      return expressions.length === plan.expressions.length && input === plan.input
        ? plan
        : { ...plan, expressions, input };
    }
    case "Filter":
      return over(plan, with_(required, plan.condition));
    case "Sort":
      return over(plan, with_(required, ...plan.order));
    case "Limit":
    case "Offset":
    case "Guard":
      return over(plan, required);
    case "Repartition":
      return over(plan, with_(required, ...plan.expressions));
    case "CollectMetrics":
      return over(plan, with_(required, ...plan.aggregates!));
    case "EventTimeWatermark":
      return over(plan, with_(required, plan.column));
    case "StreamingDeduplicate": {
      // By its event time a row is late, whether or not it is looked at above.
      const times = outputOf(plan).filter((a) => watermarkDelayMs(a) !== undefined);
      return over(plan, with_(required, ...plan.keys, ...times));
    }
    case "Aggregate": {
      const aggregates = plan.aggregates.filter((e) => required.has(idOf(e)!));
      const input = prune(plan.input, with_(new Set(), ...plan.grouping, ...aggregates));
      return aggregates.length === plan.aggregates.length && input === plan.input
        ? plan
        : { ...plan, aggregates, input };
    }
    case "Window": {
      const functions = plan.functions.filter((e) => required.has(idOf(e)!));
      if (functions.length === 0) return prune(plan.input, required);
      const input = prune(plan.input, with_(required, ...functions, ...plan.partitionBy, ...plan.orderBy));
      return functions.length === plan.functions.length && input === plan.input ? plan : { ...plan, functions, input };
    }
    case "Generate":
      return over(plan, with_(required, ...plan.args));
    case "Expand": {
      const kept = plan.output.flatMap((a, i) => (required.has(a.id) ? [i] : []));
      const projections = plan.projections.map((p) => kept.map((i) => p[i]!));
      const input = prune(plan.input, with_(new Set(), ...projections.flat()));
      if (kept.length === plan.output.length && input === plan.input) return plan;
      return { ...plan, output: kept.map((i) => plan.output[i]!), projections, input };
    }
    case "Join": {
      const needed = plan.condition === undefined ? required : with_(required, plan.condition);
      // A side is kept in memory or sent to threads: only what is looked at, also where a filter read more.
      const left = narrow(
        prune(plan.left, needed),
        outputOf(plan.left).filter((a) => needed.has(a.id)),
      );
      const right = narrow(
        prune(plan.right, needed),
        outputOf(plan.right).filter((a) => needed.has(a.id)),
      );
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right };
    }
    case "Union": {
      const output = outputOf(plan);
      const kept = output.flatMap((a, i) => (required.has(a.id) ? [i] : []));
      if (kept.length === output.length) {
        const inputs = plan.inputs.map((input) => prune(input, idsOf(outputOf(input))));
        return inputs.every((input, i) => input === plan.inputs[i]) ? plan : { ...plan, inputs };
      }
      return {
        ...plan,
        inputs: plan.inputs.map((input) => {
          const columns = outputOf(input);
          const expressions = kept.map((i) => columns[i]!);
          return narrow(prune(input, idsOf(expressions)), expressions);
        }),
      };
    }
    // Whoever gets the late rows gets them as they were written.
    case "LateRows":
    case "ResolvedUserRows":
    case "ResolvedKeyedGroups": {
      // User code may look at every column.
      const input = prune(plan.input, idsOf(outputOf(plan.input)));
      return input === plan.input ? plan : { ...plan, input };
    }
    case "ResolvedStatefulGroups": {
      const input = prune(plan.input, idsOf(outputOf(plan.input)));
      const initial = plan.initial === undefined ? undefined : prune(plan.initial, idsOf(outputOf(plan.initial)));
      if (input === plan.input && initial === plan.initial) return plan;
      return { ...plan, input, ...(initial === undefined ? {} : { initial }) };
    }
    default:
      return plan;
  }
}

function over<P extends LogicalPlan & { readonly input: LogicalPlan }>(plan: P, required: Ids): P {
  const input = prune(plan.input, required);
  return input === plan.input ? plan : { ...plan, input };
}

function narrow(plan: LogicalPlan, columns: readonly Attribute[]): LogicalPlan {
  const output = outputOf(plan);
  const same = output.length === columns.length && output.every((a, i) => a.id === columns[i]!.id);
  return same ? plan : { kind: "Project", input: plan, expressions: columns };
}
