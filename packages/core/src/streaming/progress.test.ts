import { expect, test } from "vitest";
import { makeProgress, offsetValue } from "./progress.ts";
import { javaDouble, progressJson, progressPrettyJson } from "./progress-json.ts";
import { Harness, windowedCountPlan } from "./streaming.test-support.ts";

test("doubles are printed as Java prints them", () => {
  const cases: [number, string][] = [
    [0, "0.0"],
    [10, "10.0"],
    [0.001, "0.001"],
    [0.0001, "1.0E-4"],
    [1e7, "1.0E7"],
    [12345678.9, "1.23456789E7"],
    [9999999, "9999999.0"],
    [1 / 3, "0.3333333333333333"],
  ];
  for (const [value, text] of cases) expect(javaDouble(value)).toBe(text);
});

const progress = makeProgress({
  id: "id-1",
  runId: "run-1",
  name: null,
  batchId: 4,
  startMs: 1_700_000_000_000,
  previousStartMs: 1_699_999_999_000,
  elapsedMs: 20,
  durationMs: { addBatch: 12, triggerExecution: 20 },
  eventTime: { count: 2, minMicros: 1_000_000n, maxMicros: 3_000_000n, sumMillis: 4000 },
  watermarkMs: 0,
  states: [
    {
      operatorName: "stateStoreSave",
      metrics: {
        numRowsTotal: 3,
        numRowsUpdated: 2,
        numRowsRemoved: 1,
        numRowsDroppedByWatermark: 0,
        allUpdatesTimeMs: 1.4,
        allRemovalsTimeMs: 0,
        memoryUsedBytes: 512,
        custom: {},
      },
      commitTimeMs: 2.6,
      shufflePartitions: 2,
      storeInstances: 2,
      customMetrics: { "SnapshotLastUploaded.partition_0_default": -1, loadedMapCacheHitCount: 4 },
    },
  ],
  sources: [
    {
      description: "KafkaSource",
      startOffset: '{"t":{"0":9007199254740993}}',
      endOffset: "7",
      latestOffset: null,
      rows: 10,
      metrics: new Map([
        ["b", "2"],
        ["a", "1"],
      ]),
    },
  ],
  sink: { description: "MemorySink", numOutputRows: 2 },
  observed: new Map(),
  watermark: null,
});

test("progress JSON is Spark's, in Spark's order", () => {
  expect(progressJson(progress)).toBe(
    '{"id":"id-1","runId":"run-1","name":null,"timestamp":"2023-11-14T22:13:20.000Z","batchId":4,"batchDuration":20,' +
      '"numInputRows":10,"inputRowsPerSecond":10.0,"processedRowsPerSecond":500.0,"durationMs":{"addBatch":12,"triggerExecution":20},' +
      '"eventTime":{"avg":"1970-01-01T00:00:02.000Z","max":"1970-01-01T00:00:03.000Z","min":"1970-01-01T00:00:01.000Z",' +
      '"watermark":"1970-01-01T00:00:00.000Z"},"stateOperators":[{"operatorName":"stateStoreSave","numRowsTotal":3,"numRowsUpdated":2,' +
      '"allUpdatesTimeMs":1,"numRowsRemoved":1,"allRemovalsTimeMs":0,"commitTimeMs":3,"memoryUsedBytes":512,' +
      '"numRowsDroppedByWatermark":0,"numShufflePartitions":2,"numStateStoreInstances":2,' +
      '"customMetrics":{"SnapshotLastUploaded.partition_0_default":-1,"loadedMapCacheHitCount":4}}],' +
      '"sources":[{"description":"KafkaSource","startOffset":{"t":{"0":9007199254740993}},"endOffset":7,"latestOffset":null,' +
      '"numInputRows":10,"inputRowsPerSecond":10.0,"processedRowsPerSecond":500.0,"metrics":{"a":"1","b":"2"}}],' +
      '"sink":{"description":"MemorySink","numOutputRows":2}}',
  );
});

test("the pretty form is Jackson's", () => {
  expect(progressPrettyJson({ ...progress, stateOperators: [], sources: [] })).toBe(`{
  "id" : "id-1",
  "runId" : "run-1",
  "name" : null,
  "timestamp" : "2023-11-14T22:13:20.000Z",
  "batchId" : 4,
  "batchDuration" : 20,
  "numInputRows" : 10,
  "inputRowsPerSecond" : 10.0,
  "processedRowsPerSecond" : 500.0,
  "durationMs" : {
    "addBatch" : 12,
    "triggerExecution" : 20
  },
  "eventTime" : {
    "avg" : "1970-01-01T00:00:02.000Z",
    "max" : "1970-01-01T00:00:03.000Z",
    "min" : "1970-01-01T00:00:01.000Z",
    "watermark" : "1970-01-01T00:00:00.000Z"
  },
  "stateOperators" : [ ],
  "sources" : [ ],
  "sink" : {
    "description" : "MemorySink",
    "numOutputRows" : 2
  }
}`);
});

test("offsets are JSON values, exact beyond 2^53, or text", () => {
  expect(offsetValue("9007199254740993")).toBe(9007199254740993n);
  expect(offsetValue("5")).toBe(5);
  expect(offsetValue("not json")).toBe("not json");
  expect(offsetValue(null)).toBeNull();
});

test("a query reports each batch: rows, offsets, watermark, state, rates; the first input rate is 0", async () => {
  const world = new Harness();
  world.topic.add(["a", 5], ["b", 100]);
  const query = await world.run({ makePlan: () => windowedCountPlan({ mode: "append" }) });
  const [first, second] = query.recentProgress;
  expect(query.recentProgress).toHaveLength(2);
  expect(first).toMatchObject({
    batchId: 0,
    numInputRows: 2,
    inputRowsPerSecond: 0,
    processedRowsPerSecond: 2000,
    eventTime: { max: "1970-01-01T00:01:40.000Z", watermark: "1970-01-01T00:00:00.000Z" },
    sources: [{ description: "TopicSource[events0]", startOffset: 0, endOffset: 2, latestOffset: 2, numInputRows: 2 }],
    sink: { description: "TableSink", numOutputRows: 0 },
  });
  expect(Object.keys(first!.durationMs)).toEqual(
    ["addBatch", "commitOffsets", "getBatch", "latestOffset", "queryPlanning", "triggerExecution", "walCommit"].sort(),
  );
  expect(second).toMatchObject({
    batchId: 1,
    numInputRows: 0,
    eventTime: { watermark: "1970-01-01T00:01:30.000Z" },
    stateOperators: [
      {
        operatorName: "stateStoreSave",
        numRowsTotal: 1,
        numRowsRemoved: 1,
        numShufflePartitions: 2,
        customMetrics: {
          "SnapshotLastUploaded.partition_0_default": -1,
          "SnapshotLastUploaded.partition_1_default": -1,
          forceSnapshotCount: 0,
          loadedMapCacheHitCount: 2,
          loadedMapCacheMissCount: 0,
          numSnapshotsAutoRepaired: 0,
        },
      },
    ],
    sink: { numOutputRows: 1 },
  });
  expect(second!.stateOperators[0]!.customMetrics!["stateOnCurrentVersionSizeBytes"]).toBeGreaterThan(0);
  expect(second).not.toHaveProperty("inputRowsPerSecond");
  expect(second!.eventTime).not.toHaveProperty("max");
});
