import { describe, expect, test } from "vitest";
import { batchFromValues } from "../../columnar/batch-from-values.ts";
import { SimulatedCrash, type SimulatedRuntime } from "../../runtime/simulated/index.ts";
import { field, intType, stringType, structType } from "../../types/data-type.ts";
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

const days = structType([field("n", intType), field("day", stringType)]);

async function saveDays(
  runtime: SimulatedRuntime,
  mode: SaveMode,
  rows: readonly (readonly [number, string | null])[],
  options: Record<string, string> = {},
): Promise<void> {
  const context = contextOf(runtime, days, options, { path: "/out", partitionColumns: ["day"] });
  const sink = await jsonSink.openBatch!(context, mode);
  await sink.write(partitionsOf([[batchFromValues(days, rows)]]), new AbortController().signal);
}

/** Rows by directory, and the other files. */
function daysIn(runtime: SimulatedRuntime): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [path, bytes] of runtime.fs.files()) {
    const place = path.replace(/\/part-.*/, "").slice("/out/".length);
    found[place] = (found[place] ?? "") + new TextDecoder().decode(bytes).replaceAll(/[{}"n:\n]/g, "");
  }
  return found;
}

test("charsets, and JSON without characters beyond ASCII", async () => {
  const written = async (options: Record<string, string>): Promise<string> => {
    const { runtime } = testWorld(schema);
    const names = structType([field("s", stringType)]);
    const sink = await jsonSink.openBatch!(contextOf(runtime, names, options, { path: "/out" }), "append");
    await sink.write(partitionsOf([[batchFromValues(names, [["ä€"], ["𝄞"]])]]), new AbortController().signal);
    const [file] = [...runtime.fs.files()].find(([path]) => path.includes("part-"))!.slice(1) as [Uint8Array];
    return Buffer.from(file).toString("latin1");
  };
  expect(await written({ encoding: "ISO-8859-1" })).toBe('{"s":"\u00e4?"}\n{"s":"?"}\n');
  expect(await written({ encoding: "US-ASCII" })).toBe('{"s":"??"}\n{"s":"?"}\n');
  const wide = '{"s":"ä€"}\n{"s":"𝄞"}\n';
  expect(await written({ encoding: "UTF-16LE" })).toBe(Buffer.from(wide, "utf16le").toString("latin1"));
  expect(await written({ encoding: "UTF-16" })).toBe(
    Buffer.from(`\uFEFF${wide}`, "utf16le").swap16().toString("latin1"),
  );
  expect(await written({ writenonasciicharacterascodepoint: "true" })).toBe(
    '{"s":"\\u00E4\\u20AC"}\n{"s":"\\uD834\\uDD1E"}\n',
  );
  await expect(written({ encoding: "utf-99" })).rejects.toMatchObject({
    errorClass: "INVALID_PARAMETER_VALUE.CHARSET",
  });
});

describe("partitionBy", () => {
  test("overwrite replaces all, dynamically only the directories that have rows; append adds", async () => {
    const { runtime } = testWorld(days);
    await saveDays(runtime, "errorifexists", [
      [1, "mon"],
      [2, "tue"],
      [3, "mon"],
    ]);
    expect(daysIn(runtime)).toEqual({ "day=mon": "13", "day=tue": "2", _SUCCESS: "" });
    await saveDays(runtime, "append", [
      [4, "tue"],
      [5, null],
    ]);
    expect(daysIn(runtime)).toEqual({
      "day=mon": "13",
      "day=tue": expect.stringMatching(/^(?:24|42)$/) as string,
      "day=__HIVE_DEFAULT_PARTITION__": "5",
      _SUCCESS: "",
    });
    await saveDays(runtime, "overwrite", [[6, "tue"]], { partitionoverwritemode: "dynamic" });
    expect(daysIn(runtime)).toMatchObject({ "day=mon": "13", "day=tue": "6", "day=__HIVE_DEFAULT_PARTITION__": "5" });
    await saveDays(runtime, "overwrite", [[7, "tue"]]);
    expect(daysIn(runtime)).toEqual({ "day=tue": "7", _SUCCESS: "" });
    expect((await runtime.fs.list("/out")).map(({ name }) => name)).toEqual(["_SUCCESS", "day=tue"]);
  });

  test("without rows there are no files", async () => {
    const { runtime } = testWorld(days);
    await saveDays(runtime, "append", []);
    expect(daysIn(runtime)).toEqual({ _SUCCESS: "" });
  });

  test("maxRecordsPerFile begins the next file", async () => {
    const { runtime } = testWorld(days);
    const many = Array.from({ length: 2500 }, (_, i): [number, string] => [1, i % 5 === 0 ? "a" : "b"]);
    await saveDays(runtime, "append", many, { maxrecordsperfile: "900" });
    const sizes = [...runtime.fs.files()].map(([path, { length }]) => [
      path.replace(/-[0-9a-f]{8}-[0-9a-f-]{27}/, ""),
      length / 8,
    ]);
    expect(Object.fromEntries(sizes)).toEqual({
      "/out/day=a/part-00000.c000.json": 500,
      "/out/day=b/part-00000.c000.json": 900,
      "/out/day=b/part-00000.c001.json": 900,
      "/out/day=b/part-00000.c002.json": 200,
      "/out/_SUCCESS": 0,
    });
  });

  test("a crash anywhere in an overwrite loses nothing", async () => {
    for (const mode of ["static", "dynamic"]) {
      for (const fault of ["crashBefore", "loseUnsynced", "torn"] as const) {
        for (let at = 0; ; at++) {
          const { runtime } = testWorld(days);
          await saveDays(runtime, "append", [
            [1, "mon"],
            [2, "tue"],
          ]);
          const next = runtime.restart({ plan: { faults: [{ at, fault }] } });
          const options = { partitionoverwritemode: mode };
          const done = await saveDays(next, "overwrite", [[3, "tue"]], options).then(
            () => true,
            (error: unknown) => {
              expect(error).toBeInstanceOf(SimulatedCrash);
              return false;
            },
          );
          const found = daysIn(next.restart({ power: true }));
          if (mode === "dynamic") expect(found["day=mon"]).toBe("1");
          const tuesday = (found["day=tue"] ?? "").split("").sort().join("");
          if (done) {
            expect(tuesday).toBe("3");
            break;
          }
          expect(["2", "23", "3"]).toContain(tuesday);
          if ("_SUCCESS" in found) expect(tuesday).not.toBe("23");
        }
      }
    }
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
