/** Joins without equal keys, the cross join among them: every row of one side meets every row of the other. */
import type { NestedLoopJoinExec } from "../../physical-plan/physical-plan.ts";
import { compileCondition, type JoinShape, type Lookup } from "./join-core.ts";
import { joinPartitions, keptBuild } from "./join-driver.ts";
import type { Operator, OperatorEnvironment } from "./operator.ts";

const none = new Int32Array(0);
const everyRow: Lookup = { heads: none, following: none, unique: false };

export function compileNestedLoopJoin(plan: NestedLoopJoinExec, environment: OperatorEnvironment): Operator {
  const [left, right] = [environment.compile(plan.left), environment.compile(plan.right)];
  const buildSide = plan.buildSide ?? "right";
  const [build, probe] = buildSide === "left" ? [left, right] : [right, left];
  const shape: JoinShape = {
    schema: plan.schema,
    joinType: plan.joinType,
    buildSide,
    build: build.schema,
    probe: probe.schema,
    condition: plan.condition,
  };
  const condition = compileCondition(shape, environment);
  return {
    schema: plan.schema,
    async open(context) {
      const kept = keptBuild(context, plan.id);
      const builds = kept?.run === undefined ? await build.open(context) : [];
      const probes = await probe.open(context);
      const method = { shape, condition, name: "a nested-loop join", lookup: async () => everyRow };
      return joinPartitions(method, builds, probes, context.memory, kept);
    },
  };
}
