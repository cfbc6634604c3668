import { expect, test } from "vitest";
import { lendMemory } from "../../columnar/batch-memory.ts";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Expr } from "../../expressions/expression.ts";
import type { JoinType } from "../../logical-plan/logical-plan.ts";
import type { PhysicalPlan, PipelineExec } from "../../physical-plan/physical-plan.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  decimalType,
  field,
  intType,
  type SqlValue,
  stringType,
  structType,
} from "../../types/data-type.ts";
import { aggregate, call, column, final, literal, newId, rowsOf, table } from "../execution.test-support.ts";

const price = decimalType(15, 2);
const schema = structType([field("k", intType), field("v", bigintType), field("p", price), field("s", stringType)]);
const rowsOfBatch = (n: number): SqlValue[][] =>
  Array.from({ length: 40 }, (_, i) => [
    (i + n) % 7,
    i % 11 === 0 ? null : BigInt(i),
    BigInt(100 * i + n),
    `text ${i % 3}`,
  ]);

const scan: PhysicalPlan = {
  kind: "Scan",
  id: newId(),
  schema,
  read: { kind: "format", format: "test", options: [], paths: [] } as never,
  tableSchema: schema,
  filters: [],
  sourceIndex: -1,
};

/** The rows of a plan over a source that spoils what comes back to it, and how many batches came back. */
async function spoiled(plan: PhysicalPlan, codegen: boolean): Promise<{ rows: SqlValue[][]; returned: number }> {
  let returned = 0;
  async function* read(): AsyncGenerator<RecordBatch, void, undefined> {
    for (let n = 0; n < 5; n++) {
      const batch = batchFromValues(schema, rowsOfBatch(n));
      lendMemory(batch, () => {
        returned++;
        for (const vector of batch.columns) {
          if (vector.kind === "bytes") {
            vector.bytes.fill(63);
            vector.starts.fill(0);
            vector.ends.fill(0);
          } else if (vector.kind === "i32") vector.values.fill(-1);
          else if (vector.kind === "i64" || vector.kind === "decimal") vector.values.fill(-1n);
        }
      });
      yield batch;
    }
  }
  const openScan = (): Promise<never> =>
    Promise.resolve({ splits: [{ description: "", data: 0 }], filtered: true, read } as never);
  return { rows: await rowsOf(plan, codegen, { openScan }), returned };
}

const pipeline = (steps: PipelineExec["steps"], output = schema): PhysicalPlan => ({
  kind: "Pipeline",
  id: newId(),
  schema: output,
  input: scan,
  steps,
});
const narrow = structType([schema.fields[0]!, schema.fields[3]!, schema.fields[2]!]);
const chosen: Expr = call("<", booleanType, column(0, intType), literal(4, intType));
const parts: Expr = call("split", arrayType(stringType, false), column(3, stringType), literal(" ", stringType));
const withPart = structType([...schema.fields, field("part", stringType)]);
const inputs: readonly [name: string, plan: PhysicalPlan][] = [
  ["scan", scan],
  [
    "columns",
    pipeline(
      [{ kind: "project", expressions: [column(0, intType), column(3, stringType), column(2, price)], schema: narrow }],
      narrow,
    ),
  ],
  ["filter", pipeline([{ kind: "filter", condition: chosen }])],
  ["parts", pipeline([{ kind: "generate", generator: "explode", args: [parts], schema: withPart }], withPart)],
  [
    "chosen parts",
    pipeline(
      [
        { kind: "generate", generator: "explode", args: [parts], schema: withPart },
        { kind: "filter", condition: call("<", booleanType, column(4, stringType), literal("t", stringType)) },
      ],
      withPart,
    ),
  ],
];
const keysOf = structType([field("key", intType), field("name", stringType)]);

test.each([true, false])("memory that goes back to a source is not looked at again (codegen %s)", async (codegen) => {
  for (const [name, input] of inputs) {
    const plain = await rowsOf(input, codegen, {
      openScan: () =>
        Promise.resolve({
          splits: [{ description: "", data: 0 }],
          filtered: true,
          read: async function* () {
            for (let n = 0; n < 5; n++) yield batchFromValues(schema, rowsOfBatch(n));
          },
        } as never),
    });
    const local = table(input.schema, plain);
    const stringAt = name === "columns" ? 1 : name.endsWith("parts") ? 4 : 3;
    const grouped = (from: PhysicalPlan): PhysicalPlan =>
      final(
        from,
        [column(0, intType), column(stringAt, stringType)],
        [
          aggregate("sum", decimalType(25, 2), column(2, price)),
          aggregate("collect_list", arrayType(stringType, false), column(stringAt, stringType)),
        ],
      );
    const byText = (from: PhysicalPlan): PhysicalPlan =>
      final(
        from,
        [column(stringAt, stringType)],
        [
          aggregate("count", bigintType, column(2, price)),
          aggregate("min", stringType, column(stringAt, stringType)),
          aggregate("first", stringType, column(stringAt, stringType)),
        ],
      );
    for (const plan of [grouped, byText]) {
      const own = await spoiled(plan(input), codegen);
      expect(own.rows).toEqual(await rowsOf(plan(local), codegen));
      expect(own.returned).toBe(5);
    }
    for (const joinType of ["inner", "leftOuter", "leftAnti"] as const satisfies readonly JoinType[]) {
      for (const names of [
        [1, 2],
        [0, 1, 2, 3, 4, 5, 6],
      ]) {
        const joined = (left: PhysicalPlan): PhysicalPlan => ({
          kind: "HashJoin",
          id: newId(),
          schema: joinType === "leftAnti" ? left.schema : structType([...left.schema.fields, ...keysOf.fields]),
          left,
          right: table(
            keysOf,
            names.map((key) => [key, `name ${key}`]),
          ),
          joinType,
          leftKeys: [column(0, intType)],
          rightKeys: [column(0, intType)],
          buildSide: "right",
        });
        expect((await spoiled(joined(input), codegen)).rows).toEqual(await rowsOf(joined(local), codegen));
      }
    }
  }
});
