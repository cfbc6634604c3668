/**
 * Equi-join: a hash table over the keys of the build side, rows of equal keys linked in input order. NULL matches nothing,
 * but for keys that are compared by `<=>`.
 */
import { KeyCompiler } from "../../codegen/group-keys.ts";
import { sliceBatch } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { typeOf } from "../../expressions/typing.ts";
import type { HashJoinExec } from "../../physical-plan/physical-plan.ts";
import { structType } from "../../types/data-type.ts";
import { inTurns, type Turns } from "../turns.ts";
import { compileCondition, type JoinShape, type Lookup } from "./join-core.ts";
import { joinPartitions, keptBuild } from "./join-driver.ts";
import { compiledPerUse, type Operator, type OperatorEnvironment } from "./operator.ts";

/** Build rows that are put into the table at a stretch. */
const rowsPerTurn = 1 << 15;

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
  const nulls = { nulls: "skip", ...(plan.nullSafe === undefined ? {} : { nullSafe: plan.nullSafe }) } as const;
  const compiled = compiledPerUse(environment, [...buildKeys, ...probeKeys], () => {
    const compiler = new KeyCompiler(keySchema, environment.codegen);
    return {
      compiler,
      insert: compiler.assigner(buildKeys, build.schema, { missing: "insert", ...nulls }),
      find: compiler.assigner(probeKeys, probe.schema, { missing: "find", ...nulls }),
      hashes: {
        build: compiler.hasher(buildKeys, build.schema),
        probe: compiler.hasher(probeKeys, probe.schema),
      },
    };
  });
  environment.source(plan.id, compiled(0).find.source);
  const condition = compileCondition(shape, environment);
  return {
    schema: plan.schema,
    async open(context) {
      const kept = keptBuild(context, plan.id);
      const builds = kept?.run === undefined ? await build.open(context) : [];
      const probes = await probe.open(context);
      const keys = compiled(0);
      const { turns } = context;
      const lookup = async (built: RecordBatch): Promise<Lookup> => {
        const table = keys.compiler.table();
        const groups = new Int32Array(built.length);
        await inTurns(turns, built.length, rowsPerTurn, (from, to) =>
          keys.insert.assign(table, sliceBatch(built, from, to), groups.subarray(from, to)),
        );
        return {
          ...(await linkRows(groups, table.count, turns)),
          keysOf(batch, memory) {
            const found = memory.int32(batch.length);
            keys.find.assign(table, batch, found);
            return found;
          },
          release: () => table.release(),
        };
      };
      const method = { shape, condition, name: "a hash join", lookup, hashes: keys.hashes };
      return joinPartitions(method, builds, probes, context.memory, kept);
    },
  };
}

/** Links the rows of each key in their order. */
async function linkRows(
  keys: Int32Array,
  count: number,
  turns: Turns | undefined,
): Promise<Pick<Lookup, "heads" | "following" | "unique">> {
  const heads = new Int32Array(count).fill(-1);
  const following = new Int32Array(keys.length);
  let unique = true;
  const { length } = keys;
  await inTurns(turns, length, rowsPerTurn, (from, to) => {
    // Backwards, so that the first row of a key ends up at its head.
    for (let row = length - 1 - from; row >= length - to; row--) {
      const key = keys[row]!;
      if (key < 0) continue;
      const next = heads[key]!;
      if (next >= 0) unique = false;
      following[row] = next;
      heads[key] = row;
    }
  });
  return { heads, following, unique };
}
