/** Joins without equal keys, the cross join among them: every left row meets every right row. */
import type { NestedLoopJoinExec } from "../../physical-plan/physical-plan.ts";
import { type Candidates, compileCondition, joinPartitions, JoinRun, type JoinShape, readWhole } from "./join-core.ts";
import type { Operator, OperatorEnvironment } from "./operator.ts";

export function compileNestedLoopJoin(plan: NestedLoopJoinExec, environment: OperatorEnvironment): Operator {
  const [left, right] = [environment.compile(plan.left), environment.compile(plan.right)];
  const shape: JoinShape = {
    schema: plan.schema,
    joinType: plan.joinType,
    buildSide: "right",
    build: right.schema,
    probe: left.schema,
    condition: plan.condition,
  };
  const condition = compileCondition(shape, environment);
  const hasRest = new JoinRun(shape, { schema: right.schema, length: 0, columns: [] }, undefined).hasRest;
  return {
    schema: plan.schema,
    async open(context) {
      const [builds, probes] = [await right.open(context), await left.open(context)];
      let rows = 0;
      const start = async (): Promise<JoinRun> => {
        const built = await readWhole(builds, right.schema);
        rows = built.length;
        return new JoinRun(shape, built, condition?.(0));
      };
      const candidates: Candidates = {
        first: () => (rows > 0 ? 0 : -1),
        next: (candidate) => (candidate + 1 < rows ? candidate + 1 : -1),
      };
      return joinPartitions(probes, start, () => candidates, hasRest);
    },
  };
}
