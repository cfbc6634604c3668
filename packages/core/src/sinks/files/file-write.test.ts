import { describe, expect, test } from "vitest";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { SimulatedCrash, type SimulatedRuntime } from "../../runtime/simulated/index.ts";
import { field, intType, structType } from "../../types/data-type.ts";
import type { SaveMode } from "../contract.ts";
import { contextOf, partitionsOf, testWorld } from "../sinks.test-support.ts";
import { csvSink, jsonSink } from "./providers.ts";

const schema = structType([field("n", intType)]);

async function save(
  runtime: SimulatedRuntime,
  mode: SaveMode,
  partitions: readonly (readonly number[])[],
): Promise<number> {
  const sink = await jsonSink.openBatch!(contextOf(runtime, schema, {}, { path: "/out" }), mode);
  const batches = partitions.map((numbers) => [
    batchFromValues(
      schema,
      numbers.map((n) => [n]),
    ),
  ]);
  return (await sink.write(partitionsOf(batches), new AbortController().signal)).rows;
}

/** Rows of the data files, in the order of rows, and the other names of the directory. */
function contentOf(runtime: SimulatedRuntime): {
  readonly rows: readonly string[];
  readonly others: readonly string[];
} {
  const rows: string[] = [];
  const others: string[] = [];
  for (const [path, bytes] of runtime.fs.files()) {
    if (path.startsWith("/out/part-")) rows.push(...new TextDecoder().decode(bytes).split("\n").slice(0, -1));
    else others.push(path);
  }
  return { rows: rows.sort(), others };
}
const rowsOf = (...numbers: number[]): string[] => numbers.map((n) => `{"n":${n}}`).sort();

describe("modes", () => {
  test("append adds, overwrite replaces, errorifexists refuses, ignore does nothing", async () => {
    const { runtime } = testWorld(schema);
    expect(await save(runtime, "errorifexists", [[1, 2], [], [3]])).toBe(3);
    expect(contentOf(runtime)).toEqual({ rows: rowsOf(1, 2, 3), others: ["/out/_SUCCESS"] });
    await save(runtime, "append", [[4]]);
    expect(contentOf(runtime).rows).toEqual(rowsOf(1, 2, 3, 4));
    await expect(save(runtime, "errorifexists", [[5]])).rejects.toMatchObject({ errorClass: "PATH_ALREADY_EXISTS" });
    expect(await save(runtime, "ignore", [[5]])).toBe(0);
    expect(contentOf(runtime).rows).toEqual(rowsOf(1, 2, 3, 4));
    await save(runtime, "overwrite", [[6]]);
    expect(contentOf(runtime)).toEqual({ rows: rowsOf(6), others: ["/out/_SUCCESS"] });
  });

  test("a result without rows is one file, with its header", async () => {
    const { runtime } = testWorld(schema);
    const sink = await csvSink.openBatch!(contextOf(runtime, schema, { header: "true" }, { path: "/out" }), "append");
    await sink.write(partitionsOf([[]]), new AbortController().signal);
    expect(contentOf(runtime).rows).toEqual(["n"]);
  });

  test("appending to the directory of a streaming query is refused", async () => {
    const { runtime } = testWorld(schema);
    await jsonSink.openStream!(contextOf(runtime, schema, {}, { path: "/out" }));
    await expect(save(runtime, "append", [[1]])).rejects.toMatchObject({ errorClass: "PATH_BELONGS_TO_STREAM" });
  });
});

test("a failed write leaves the old content", async () => {
  const { runtime } = testWorld(schema);
  await save(runtime, "append", [[1]]);
  const next = runtime.restart({ plan: { faults: [{ at: 2, fault: "ENOSPC" }] } });
  await expect(save(next, "overwrite", [[2]])).rejects.toMatchObject({ errorClass: "TASK_WRITE_FAILED" });
  expect(contentOf(next)).toEqual({ rows: rowsOf(1), others: ["/out/_SUCCESS"] });
});

test("a crash anywhere in an overwrite loses nothing, and _SUCCESS stands for complete content", async () => {
  for (const fault of ["crashBefore", "loseUnsynced", "torn"] as const) {
    for (let at = 0; ; at++) {
      const { runtime } = testWorld(schema);
      await save(runtime, "append", [[1], [2]]);
      const next = runtime.restart({ plan: { faults: [{ at, fault }] } });
      let crashed = false;
      try {
        await save(next, "overwrite", [[3], [4]]);
      } catch (error) {
        expect(error).toBeInstanceOf(SimulatedCrash);
        crashed = true;
      }
      if (!crashed) {
        const done = contentOf(next.restart({ power: true }));
        expect(done).toEqual({ rows: rowsOf(3, 4), others: ["/out/_SUCCESS"] });
        break;
      }
      const { rows, others } = contentOf(next.restart());
      const complete = [rowsOf(1, 2), rowsOf(3, 4)];
      if (others.includes("/out/_SUCCESS")) expect(complete).toContainEqual(rows);
      expect(complete.some((all) => all.every((row) => rows.includes(row)))).toBe(true);
    }
  }
});
