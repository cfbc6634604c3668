/** `statestore` and `state-metadata`: both engines read the state that either of them has written, and refuse the same. */
import { describe, expect, test } from "vitest";
import { normalized } from "./spark/canonical.ts";
import { useEngines } from "./spark/engines.ts";
import type { Step } from "./spark/plans.ts";
import type { Failure, StreamJob, Table } from "./spark/spark-engine.ts";
import { Workplace } from "./spark/workplace.ts";

const engines = await useEngines();

const shapes: Readonly<Record<string, Pick<StreamJob, "outputMode"> & { readonly steps: readonly Step[] }>> = {
  "windowed aggregates": {
    outputMode: "append",
    steps: [
      ["watermark", "at", "10 seconds"],
      ["aggregate", ["window(at, '1 minute')", "k"], ["sum(v) AS s", "count(v) AS c", "max(d) AS m"]],
    ],
  },
  "aggregates without a key": { outputMode: "complete", steps: [["aggregate", [], ["max(v) AS m", "avg(d) AS a"]]] },
  dropDuplicates: { outputMode: "append", steps: [["dropDuplicates", ["k", "v"]]] },
  dropDuplicatesWithinWatermark: {
    outputMode: "append",
    steps: [
      ["watermark", "at", "10 seconds"],
      ["dropDuplicatesWithinWatermark", ["k"]],
    ],
  },
  "limit after distinct": { outputMode: "append", steps: [["select", "k"], ["distinct"], ["limit", 3]] },
};

const optionSets: readonly (readonly [format: string, options: Readonly<Record<string, string>>])[] = [
  ["state-metadata", {}],
  ["statestore", {}],
  ["statestore", { batchId: "0" }],
  ["statestore", { operatorId: "1" }],
  ["statestore", { readChangeFeed: "true", changeStartBatchId: "0" }],
  ["statestore", { readChangeFeed: "true", changeStartBatchId: "1", changeEndBatchId: "2" }],
  ["statestore", { readChangeFeed: "true" }],
  ["statestore", { readChangeFeed: "true", changeStartBatchId: "2", changeEndBatchId: "1" }],
  ["statestore", { readChangeFeed: "true", changeStartBatchId: "-1" }],
  ["statestore", { readChangeFeed: "true", changeStartBatchId: "0", batchId: "1" }],
  ["statestore", { readChangeFeed: "true", changeStartBatchId: "0", joinSide: "left" }],
  ["statestore", { readChangeFeed: "true", changeStartBatchId: "0", snapshotStartBatchId: "0" }],
  ["statestore", { changeStartBatchId: "1" }],
  ["statestore", { batchId: "-1" }],
  ["statestore", { batchId: "99" }],
  ["statestore", { operatorId: "-1" }],
  ["statestore", { storeName: "" }],
  ["statestore", { storeName: "other" }],
  ["statestore", { joinSide: "left" }],
  ["statestore", { joinSide: "middle" }],
  ["statestore", { joinSide: "left", storeName: "other" }],
  ["statestore", { snapshotStartBatchId: "0" }],
  ["statestore", { snapshotPartitionId: "0" }],
  ["statestore", { snapshotStartBatchId: "99", snapshotPartitionId: "0" }],
];

function answerOf(answer: Table | Failure): unknown {
  if ("error" in answer) return answer.error;
  return { columns: answer.columns, rows: answer.rows.map((row) => JSON.stringify(row.map(normalized))).toSorted() };
}

describe.each(["Millrace", "Spark"] as const)("a checkpoint of %s", (writer) => {
  test.each(Object.entries(shapes))("%s", async (_, { steps, outputMode }) => {
    using place = new Workplace();
    for (const file of [0, 1, 2]) {
      const lines = Array.from({ length: 6 }, (__, i) => ({
        k: i === 4 ? null : ["ä", "b", `new ${file}`][i % 3],
        v: i === 5 ? null : i,
        d: i / 2,
        at: new Date(1_709_208_000_000 + (file * 60 + i) * 1000).toISOString(),
      }));
      place.put(`${file}.json`, lines.map((line) => JSON.stringify(line)).join("\n"));
    }
    const read = { format: "json", schema: "k STRING, v INT, d DOUBLE, at TIMESTAMP", path: place.input };
    const run = await engines[writer].stream({
      plan: { read: { ...read, options: { maxFilesPerTrigger: "1" } }, steps },
      checkpoint: place.checkpoint,
      ...(outputMode === undefined ? {} : { outputMode }),
    });
    expect(run.error).toBeUndefined();
    for (const [format, options] of optionSets) {
      const plan = { read: { format, path: place.checkpoint, options } };
      const [ours, sparks] = [await engines.Millrace.run(plan), await engines.Spark.run(plan)].map(answerOf);
      expect([format, options, ours]).toEqual([format, options, sparks]);
    }
  });
});
