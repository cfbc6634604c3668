import { sessionKeys } from "../analyzer/watermark-columns.ts";
import type { PipelineStep } from "../codegen/pipeline.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { AggregateCall, Attribute, Expr, SortOrder } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf, schemaOfAttributes } from "../logical-plan/output.ts";
import { isStreamingPlan } from "../logical-plan/traverse.ts";
import type { StructType } from "../types/data-type.ts";
import { attributeOf, type NamedExpr } from "../expressions/typing.ts";
import { bindExpression } from "./bind.ts";
import { planStateGroups } from "./plan-state-groups.ts";
import { partialSchema } from "./partial-schema.ts";
import { type ParallelOptions, parallelize } from "./parallelize.ts";
import type { PhysicalPlan } from "./physical-plan.ts";
import type { SourceSizes } from "./estimate-size.ts";
import { withOperatorStates } from "./operator-ids.ts";
import { planJoin } from "./plan-join.ts";
import {
  exchangeByKeys,
  limitHasState,
  planStateAggregate,
  planStateDeduplicate,
  planStateLimit,
  planStateSessions,
  type StatefulPlanner,
} from "./plan-stateful.ts";
import { planMergeSessions } from "./plan-sessions.ts";
import { planStateJoin } from "./plan-state-join.ts";
import { planWindow } from "./plan-window.ts";
import type { StatefulOutputMode } from "./stateful.ts";

export interface PlanOptions {
  /** Number of state partitions of a streaming aggregation. */
  readonly shufflePartitions: number;
  /** Sides of joins up to this size are broadcast; negative: only those with a hint; default 10 MiB. */
  readonly broadcastBytes?: number;
  /** How large sources are; a side of a join of unknown size is not broadcast. */
  readonly sizes?: SourceSizes;
  readonly streaming?: { readonly outputMode: StatefulOutputMode };
  /** Absent: everything runs on the calling thread. */
  readonly parallel?: ParallelOptions;
}

/** Chooses operators for an optimized plan. Chains of filters, projections, expansions and generators become one pipeline. */
export function planPhysical(plan: LogicalPlan, options: PlanOptions): PhysicalPlan {
  const planner = new Planner(options);
  const physical = planner.named(planner.plan(plan));
  return options.parallel === undefined ? physical : parallelize(physical, options.parallel, () => planner.newId());
}

interface Pipeline {
  readonly input: PhysicalPlan;
  readonly steps: readonly PipelineStep[];
  readonly output: readonly Attribute[];
}

/** Plans one tree; numbers the operators from the leaves up, stateful ones from the sink down. */
export class Planner {
  readonly #options: PlanOptions;
  #nextId = 0;
  /** Names of the operators with state by their ids; undefined: none was given. */
  readonly #operatorNames: (string | undefined)[] = [];

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  get broadcastBytes(): number {
    return this.#options.broadcastBytes ?? 10 << 20;
  }

  get sizes(): SourceSizes {
    return this.#options.sizes ?? new Map();
  }

  /** The plan with the names that the user gave to its operators with state. */
  named(plan: PhysicalPlan): PhysicalPlan {
    if (this.#operatorNames.every((name) => name === undefined)) return plan;
    return withOperatorStates(plan, (state) => {
      const name = this.#operatorNames[state.operatorId];
      return name === undefined ? state : { ...state, name };
    });
  }

  #newOperatorId({ operatorName }: { readonly operatorName?: string }): number {
    return this.#operatorNames.push(operatorName) - 1;
  }

  newId(): number {
    return this.#nextId++;
  }

  plan(plan: LogicalPlan): PhysicalPlan {
    const pipeline = this.#pipeline(plan);
    if (pipeline.steps.length === 0) return pipeline.input;
    return {
      kind: "Pipeline",
      id: this.newId(),
      schema: schemaOfAttributes(pipeline.output),
      input: pipeline.input,
      steps: pipeline.steps,
    };
  }

  #pipeline(plan: LogicalPlan): Pipeline {
    switch (plan.kind) {
      case "Filter": {
        const below = this.#pipeline(plan.input);
        const step: PipelineStep = { kind: "filter", condition: bindExpression(plan.condition, below.output) };
        return { ...below, steps: [...below.steps, step] };
      }
      case "Project": {
        const below = this.#pipeline(plan.input);
        const output = outputOf(plan);
        const step: PipelineStep = {
          kind: "project",
          expressions: plan.expressions.map((e) => bindExpression(e, below.output)),
          schema: schemaOfAttributes(output),
        };
        return { input: below.input, steps: [...below.steps, step], output };
      }
      case "Guard":
        // The steps of a pipeline keep their order: a row that the policy holds back reaches none of those above.
        return this.#pipeline(plan.input);
      case "Expand": {
        const below = this.#pipeline(plan.input);
        const step: PipelineStep = {
          kind: "expand",
          projections: plan.projections.map((p) => p.map((e) => bindExpression(e, below.output))),
          schema: schemaOfAttributes(plan.output),
        };
        return { input: below.input, steps: [...below.steps, step], output: plan.output };
      }
      case "Generate": {
        const below = this.#pipeline(plan.input);
        const output = [...below.output, ...plan.generated];
        const step: PipelineStep = {
          kind: "generate",
          generator: plan.generator,
          args: plan.args.map((e) => bindExpression(e, below.output)),
          schema: schemaOfAttributes(output),
        };
        return { input: below.input, steps: [...below.steps, step], output };
      }
      default:
        return { input: this.#operator(plan), steps: [], output: outputOf(plan) };
    }
  }

  #operator(plan: LogicalPlan): PhysicalPlan {
    const schema = schemaOfAttributes(outputOf(plan));
    switch (plan.kind) {
      case "Scan":
        return {
          kind: "Scan",
          id: this.newId(),
          schema,
          read: plan.read,
          tableSchema: plan.schema,
          filters: plan.filters.map((e) => bindExpression(e, plan.output)),
          sourceIndex: plan.sourceIndex,
        };
      case "LocalScan": {
        // Columns are found by position: the scan's output is a subsequence of the batch's columns.
        let from = 0;
        const columns = plan.output.map((a) => {
          const at = plan.batch.schema.fields.findIndex((f, i) => i >= from && f.name === a.name);
          assertInvariant(at >= 0, `column ${a.name} is not in the local relation`);
          from = at + 1;
          return at;
        });
        return { kind: "LocalScan", id: this.newId(), schema, batch: plan.batch, columns };
      }
      case "RangeScan":
        return {
          kind: "Range",
          id: this.newId(),
          schema,
          start: plan.range.start,
          end: plan.range.end,
          step: plan.range.step,
          numPartitions: plan.range.numPartitions ?? this.#options.parallel?.threads ?? 1,
        };
      case "Aggregate":
        return this.#aggregate(plan, schema);
      case "Join": {
        const streaming = isStreamingPlan(plan.left) && isStreamingPlan(plan.right) ? this.#stateful() : undefined;
        if (streaming === undefined) return planJoin(plan, schema, this);
        const operatorId = this.#newOperatorId(plan);
        return planStateJoin(plan, schema, operatorId, { ...streaming, plan: (input) => this.plan(input) });
      }
      case "Sort": {
        const input = this.plan(plan.input);
        const order = bindOrder(plan.order, outputOf(plan.input));
        const within = plan.withinPartitions === true ? { withinPartitions: true as const } : {};
        return { kind: "Sort", id: this.newId(), schema, input, order, ...within };
      }
      case "Limit": {
        if (plan.input.kind === "Sort" && plan.input.withinPartitions !== true) {
          const input = this.plan(plan.input.input);
          const order = bindOrder(plan.input.order, outputOf(plan.input.input));
          return { kind: "Sort", id: this.newId(), schema, input, order, limit: plan.limit };
        }
        const streaming = isStreamingPlan(plan.input) ? this.#stateful() : undefined;
        if (streaming !== undefined && limitHasState(plan, streaming.outputMode)) {
          const operatorId = this.#newOperatorId(plan);
          return planStateLimit(plan.limit, this.plan(plan.input), operatorId, streaming);
        }
        const input = this.plan(plan.input);
        const readsAll = streaming === undefined ? {} : { readsAll: true as const };
        return { kind: "Limit", id: this.newId(), schema, input, limit: plan.limit, ...readsAll };
      }
      case "Offset":
        return { kind: "Offset", id: this.newId(), schema, input: this.plan(plan.input), offset: plan.offset };
      case "Repartition": {
        const columns = outputOf(plan.input);
        const keys = plan.expressions.map((expr) => bindExpression(expr, columns));
        const partitions = plan.partitions ?? this.#options.shufflePartitions;
        const input = this.plan(plan.input);
        return { kind: "Repartition", id: this.newId(), schema, input, how: plan.how, partitions, keys };
      }
      case "CollectMetrics": {
        const columns = outputOf(plan.input);
        const calls = plan.aggregates!;
        const results = calls.map((call) => attributeOf(call as NamedExpr));
        return {
          kind: "CollectMetrics",
          id: this.newId(),
          schema,
          input: this.plan(plan.input),
          name: plan.name,
          aggregates: calls.map((call) => bindAggregate(call.child, columns)),
          metrics: plan.metrics.map((expr) => bindExpression(expr, results)),
          metricsSchema: schemaOfAttributes(plan.metrics.map((expr) => attributeOf(expr as NamedExpr))),
          ...(plan.observer === undefined ? {} : { observer: plan.observer }),
        };
      }
      case "Window":
        return planWindow(plan, schema, this);
      case "Union": {
        const inputs = plan.inputs.map((input) => this.plan(input));
        return { kind: "Union", id: this.newId(), schema, inputs };
      }
      case "EventTimeWatermark": {
        const input = this.plan(plan.input);
        // Batch queries have no watermark.
        if (this.#options.streaming === undefined || plan.node < 0) return input;
        const ordinal = outputOf(plan.input).findIndex((a) => a.id === plan.column.id);
        return {
          kind: "EventTimeWatermark",
          id: this.newId(),
          schema,
          input,
          ordinal,
          delayMicros: plan.delayMicros,
          node: plan.node,
        };
      }
      case "LateRows": {
        const input = this.plan(plan.input);
        const ordinal = outputOf(plan.input).findIndex((a) => a.id === plan.column.id);
        return { kind: "LateRows", id: this.newId(), schema, input, ordinal };
      }
      case "StreamingDeduplicate": {
        const stateful = this.#stateful();
        assertInvariant(stateful !== undefined, "a stream is planned as a batch");
        const operatorId = this.#newOperatorId(plan);
        return planStateDeduplicate(plan, this.plan(plan.input), operatorId, stateful);
      }
      case "ResolvedUserRows": {
        const input = this.plan(plan.input);
        return { kind: "UserRows", id: this.newId(), schema, input, plan: plan.plan };
      }
      case "ResolvedKeyedGroups": {
        const input = this.plan(plan.input);
        return { kind: "KeyedGroups", id: this.newId(), schema, input, plan: plan.plan };
      }
      case "ResolvedStatefulGroups": {
        const stateful = this.#stateful();
        const operatorId = stateful === undefined ? -1 : this.#newOperatorId(plan);
        return planStateGroups(plan, schema, operatorId, (input) => this.plan(input), {
          newId: () => this.newId(),
          statePartitions: stateful?.statePartitions ?? 1,
        });
      }
      default:
        throw new MillraceError("INTERNAL_ERROR", { message: `no operator for ${plan.kind}` });
    }
  }

  #aggregate(plan: LogicalPlan & { readonly kind: "Aggregate" }, schema: StructType): PhysicalPlan {
    const stateful = isStreamingPlan(plan.input) ? this.#stateful() : undefined;
    const operatorId = stateful === undefined ? -1 : this.#newOperatorId(plan);
    const below = this.#pipeline(plan.input);
    const keys = plan.grouping.map((e) => bindExpression(e, below.output));
    const aggregates = plan.aggregates.map((e) => bindAggregate(e, below.output));
    const partial: PhysicalPlan = {
      kind: "PartialAggregate",
      id: this.newId(),
      schema: partialSchema(schema.fields.slice(0, keys.length), aggregates),
      input: below.input,
      steps: below.steps,
      keys,
      aggregates,
    };
    const sessions = sessionKeys(plan.grouping);
    if (stateful !== undefined) {
      const merged = { grouping: plan.grouping, aggregates, schema };
      return sessions.length === 0
        ? planStateAggregate(partial, merged, operatorId, stateful)
        : planStateSessions(partial, { ...merged, sessions }, operatorId, stateful);
    }
    if (sessions.length > 0) return planMergeSessions(partial, { sessions, aggregates, schema }, this);
    const input = exchangeByKeys(partial, [], 1, this);
    return { kind: "FinalAggregate", id: this.newId(), schema, input, keyCount: keys.length, aggregates };
  }

  /** What stateful operators are planned with; undefined for a batch query. */
  #stateful(): StatefulPlanner | undefined {
    const { streaming, shufflePartitions } = this.#options;
    if (streaming === undefined) return undefined;
    return { newId: () => this.newId(), statePartitions: shufflePartitions, outputMode: streaming.outputMode };
  }
}

function bindAggregate(expr: Expr, input: readonly Attribute[]): AggregateCall {
  const bound = bindExpression(expr, input);
  assertInvariant(bound.kind === "AggregateCall", "an aggregate's result that is not an aggregate call");
  return bound;
}

function bindOrder(order: readonly SortOrder[], input: readonly Attribute[]): readonly SortOrder[] {
  return order.map((item) => ({ ...item, child: bindExpression(item.child, input) }));
}
