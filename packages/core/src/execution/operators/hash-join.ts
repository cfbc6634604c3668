/** Equi-join: a hash table over the keys of the build side, rows of equal keys linked in input order. NULL matches nothing. */
import { KeyCompiler } from "../../codegen/group-keys.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { assertInvariant } from "../../errors/index.ts";
import { typeOf } from "../../expressions/typing.ts";
import type { HashJoinExec } from "../../physical-plan/physical-plan.ts";
import { structType } from "../../types/data-type.ts";
import { type Candidates, compileCondition, joinPartitions, JoinRun, type JoinShape, readWhole } from "./join-core.ts";
import { compiledPerUse, type Operator, type OperatorEnvironment } from "./operator.ts";

export function compileHashJoin(plan: HashJoinExec, environment: OperatorEnvironment): Operator {
  const [left, right] = [environment.compile(plan.left), environment.compile(plan.right)];
  const buildLeft = plan.buildSide === "left";
  const [build, probe] = buildLeft ? [left, right] : [right, left];
  const [buildKeys, probeKeys] = buildLeft ? [plan.leftKeys, plan.rightKeys] : [plan.rightKeys, plan.leftKeys];
  const shape: JoinShape = {
    schema: plan.schema,
    joinType: plan.joinType,
    buildSide: plan.buildSide,
    build: build.schema,
    probe: probe.schema,
    condition: plan.condition,
  };
  const keySchema = structType(buildKeys.map((key, i) => ({ name: `key ${i}`, type: typeOf(key), nullable: true })));
  const compiled = compiledPerUse(environment, [...buildKeys, ...probeKeys], () => {
    const compiler = new KeyCompiler(keySchema, environment.codegen);
    return {
      compiler,
      insert: compiler.assigner(buildKeys, build.schema, { missing: "insert", nulls: "skip" }),
      find: compiler.assigner(probeKeys, probe.schema, { missing: "find", nulls: "skip" }),
    };
  });
  environment.source(plan.id, compiled(0).find.source);
  const condition = compileCondition(shape, environment);
  const hasRest = new JoinRun(shape, { schema: build.schema, length: 0, columns: [] }, undefined).hasRest;
  return {
    schema: plan.schema,
    async open(context) {
      const [builds, probes] = [await build.open(context), await probe.open(context)];
      const keys = compiled(0);
      const table = keys.compiler.table();
      let heads = new Int32Array(0);
      let following = new Int32Array(0);
      const start = async (): Promise<JoinRun> => {
        const built = await readWhole(builds, build.schema);
        const groups = new Int32Array(built.length);
        keys.insert.assign(table, built, groups);
        heads = new Int32Array(table.count).fill(-1);
        following = new Int32Array(built.length);
        for (let row = built.length - 1; row >= 0; row--) {
          const group = groups[row]!;
          if (group < 0) continue;
          following[row] = heads[group]!;
          heads[group] = row;
        }
        return new JoinRun(shape, built, condition?.(0));
      };
      const candidatesOf = (batch: RecordBatch): Candidates => {
        assertInvariant(following.length > 0 || table.count === 0, "the build side is read first");
        const groups = new Int32Array(batch.length);
        keys.find.assign(table, batch, groups);
        return {
          first: (row) => (groups[row]! < 0 ? -1 : heads[groups[row]!]!),
          next: (candidate) => following[candidate]!,
        };
      };
      return joinPartitions(probes, start, candidatesOf, hasRest);
    },
  };
}
