import { expect, test } from "vitest";
import type { OperatorState } from "../physical-plan/stateful.ts";
import { createSimulatedRuntime } from "../runtime/simulated/index.ts";
import { readOperatorMetadata } from "../state/operator-metadata.ts";
import { bigintType, type DataType, field, stringType, structType } from "../types/data-type.ts";
import { QueryState } from "./query-state.ts";

const store = (name: string, value: DataType = bigintType): OperatorState["stores"][number] => ({
  name,
  key: structType([field("k", stringType)]),
  value: structType([field("v", value)]),
  prefixColumns: name.startsWith("left") ? 1 : 0,
});
const operator = (operatorId: number, operatorName: string, ...stores: OperatorState["stores"]): OperatorState => ({
  operatorId,
  operatorName,
  partitions: operatorId === 0 ? 1 : 2,
  recordedPartitions: 2,
  stores,
  batchWithoutData: "whenWatermarkMoves",
  outputDelayMs: 0,
});
const operators = [
  operator(0, "globalLimit", store("default")),
  operator(1, "symmetricHashJoin", store("left-keyToNumValues"), store("right-keyToNumValues")),
];
const options = {
  checkpointPath: "/cp",
  durability: "fsync",
  minDeltasForSnapshot: 10,
  minBatchesToRetain: 100,
} as const;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function commit(
  runtime: ReturnType<typeof createSimulatedRuntime>,
  state: QueryState,
  batchId: number,
  change: (batch: ReturnType<QueryState["beginBatch"]>) => Promise<void>,
): Promise<void> {
  const batch = state.beginBatch(batchId);
  await change(batch);
  await runtime.fs.apply(await batch.commitProgram());
  batch.committed();
}

test("an operator has its stores in every partition, each with its own versions, as Spark lays them out", async () => {
  const runtime = createSimulatedRuntime(1);
  const state = new QueryState(runtime, operators, options);
  await state.checkMetadata(0);
  await state.writeMetadata();
  await commit(runtime, state, 0, async (batch) => {
    (await batch.open(1, 1, "right-keyToNumValues")).put(bytes("a"), bytes("1"));
    (await batch.open(1, 1, "left-keyToNumValues")).put(bytes("a"), bytes("2"));
    await expect(batch.open(1, 1, "left-keyToNumValues")).rejects.toMatchObject({ errorClass: "INTERNAL_ERROR" });
    await expect(batch.open(1, 1, "other")).rejects.toMatchObject({ errorClass: "INTERNAL_ERROR" });
    await expect(batch.open(0, 1, "default")).rejects.toMatchObject({ errorClass: "INTERNAL_ERROR" });
  });
  expect([...runtime.fs.files().keys()].filter((path) => path.startsWith("/cp/state")).sort()).toEqual([
    "/cp/state/0/0/1.delta",
    "/cp/state/0/0/_metadata/schema",
    "/cp/state/0/_metadata/metadata",
    "/cp/state/1/0/left-keyToNumValues/1.delta",
    "/cp/state/1/0/left-keyToNumValues/_metadata/schema",
    "/cp/state/1/0/right-keyToNumValues/1.delta",
    "/cp/state/1/0/right-keyToNumValues/_metadata/schema",
    "/cp/state/1/1/left-keyToNumValues/1.delta",
    "/cp/state/1/1/right-keyToNumValues/1.delta",
    "/cp/state/1/_metadata/metadata",
  ]);
  expect(await readOperatorMetadata(runtime.fs, "/cp")).toEqual([
    {
      operatorId: 0,
      operatorName: "globalLimit",
      stores: [{ storeName: "default", numColsPrefixKey: 0, numPartitions: 2 }],
    },
    {
      operatorId: 1,
      operatorName: "symmetricHashJoin",
      stores: [
        { storeName: "left-keyToNumValues", numColsPrefixKey: 1, numPartitions: 2 },
        { storeName: "right-keyToNumValues", numColsPrefixKey: 0, numPartitions: 2 },
      ],
    },
  ]);

  const again = new QueryState(runtime, operators, options);
  await again.checkMetadata(1);
  await commit(runtime, again, 1, async (batch) => {
    const right = await batch.open(1, 1, "right-keyToNumValues");
    expect(right.get(bytes("a"))).toEqual(bytes("1"));
    expect((await batch.open(1, 0, "right-keyToNumValues")).size).toBe(0);
  });
  expect(Object.keys(again.customMetrics(1)).filter((name) => name.startsWith("Snapshot"))).toEqual([
    "SnapshotLastUploaded.partition_0_left-keyToNumValues",
    "SnapshotLastUploaded.partition_0_right-keyToNumValues",
    "SnapshotLastUploaded.partition_1_left-keyToNumValues",
    "SnapshotLastUploaded.partition_1_right-keyToNumValues",
  ]);
});

test("a store whose types have changed is refused, also one that is not the first", async () => {
  const runtime = createSimulatedRuntime(1);
  const state = new QueryState(runtime, operators, options);
  await state.checkMetadata(0);
  await state.writeMetadata();
  const changed = operator(
    1,
    "symmetricHashJoin",
    store("left-keyToNumValues"),
    store("right-keyToNumValues", stringType),
  );
  await expect(new QueryState(runtime, [operators[0]!, changed], options).checkMetadata(1)).rejects.toMatchObject({
    errorClass: "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
  });
  await expect(new QueryState(runtime, operators.slice(0, 1), options).checkMetadata(1)).rejects.toMatchObject({
    errorClass: "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
  });
});
