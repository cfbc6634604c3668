/**
 * A key that is erased from a checkpoint between two runs of Spark: Spark reads the files that were written anew, and goes on as
 * Millrace does on its own.
 */
import { expect, test } from "vitest";
import { eraseKey } from "../../packages/core/src/checkpoint/index.ts";
import { createNodeRuntime } from "../../packages/core/src/runtime/node/index.ts";
import { normalized } from "./spark/canonical.ts";
import { useEngines } from "./spark/engines.ts";
import type { Step } from "./spark/plans.ts";
import type { StreamJob } from "./spark/spark-engine.ts";
import { Workplace } from "./spark/workplace.ts";

const engines = await useEngines();

const right: readonly Step[] = [
  ["watermark", "at", "10 seconds"],
  ["alias", "r"],
];
const shapes: Readonly<Record<string, readonly Step[]>> = {
  "counts by a string": [["aggregate", ["k"], ["count(*)", "max(v)"]]],
  "the last text of a number": [["aggregate", ["v"], ["max(k)"]]],
  "a join by a number, whose rows hold the text": [
    ["watermark", "at", "10 seconds"],
    ["alias", "l"],
    [
      "joinSelf",
      right,
      "l.v = r.v AND l.at BETWEEN r.at - INTERVAL 100 SECONDS AND r.at + INTERVAL 100 SECONDS",
      "inner",
    ],
    ["select", "l.k AS k", "r.k AS other", "l.v AS v"],
  ],
};

/** Rows of the batches of two runs, with an erasure between them. */
async function run(name: "Millrace" | "Spark", steps: readonly Step[]): Promise<readonly (readonly string[])[]> {
  using place = new Workplace();
  const job: StreamJob = {
    plan: { read: { format: "json", schema: "k STRING, v INT, at TIMESTAMP", path: place.input, options: {} }, steps },
    checkpoint: place.checkpoint,
    outputMode: steps.some(([kind]) => kind === "joinSelf") ? "append" : "update",
  };
  const all: string[][] = [];
  for (let half = 0; half < 2; half++) {
    for (let file = 0; file < 2; file++) {
      const rows = ["ada", "bob", "ada", "eve"].map((k, i) => ({
        k,
        v: (half + i) % 3,
        at: new Date(1_709_208_000_000 + (half * 20 + file * 5 + i) * 1000).toISOString(),
      }));
      place.put(`${half}-${file}.json`, rows.map((row) => JSON.stringify(row)).join("\n"));
    }
    const result = await engines[name].stream(job);
    expect(result.error).toBeUndefined();
    all.push(...result.batches.map(({ rows }) => rows.map((row) => JSON.stringify(normalized(row))).sort()));
    expect(await place.findings()).toEqual([]);
    if (half === 1) continue;
    const { stores } = await eraseKey(createNodeRuntime(), place.checkpoint, { key: "ada" });
    expect(stores.some(({ records }) => records > 0)).toBe(true);
    const again = await eraseKey(createNodeRuntime(), place.checkpoint, { key: "ada", dryRun: true });
    expect(again.stores).toEqual([]);
    expect(await place.findings()).toEqual([]);
  }
  return all;
}

test.each(Object.entries(shapes))(
  "%s",
  async (_name, steps) => {
    expect(await run("Spark", steps)).toEqual(await run("Millrace", steps));
  },
  300_000,
);
