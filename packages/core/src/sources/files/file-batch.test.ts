import { gzipSync, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createNodeRuntime } from "../../runtime/node/index.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { valueAt } from "../../columnar/value-at.ts";
import { bigintType, field, stringType, structType, type StructType } from "../../types/data-type.ts";
import { put, readAll, testContext } from "../source.test-support.ts";
import { csvProvider, jsonProvider, textProvider } from "./providers.ts";
import { fired } from "../../runtime/simulated/fault-count.test-support.ts";

const runtime = (): ReturnType<typeof createSimulatedRuntime> => createSimulatedRuntime(1);
const schema = structType([field("a", bigintType), field("s", stringType)]);
const withCorrupt = structType([...schema.fields, field("_corrupt_record", stringType)]);
const only = (...names: string[]): StructType => structType(schema.fields.filter((f) => names.includes(f.name)));

const bad = '{"a":1,"s":"x"}\nnot json\n{"a":"one","s":"y"}\n\n{"a":2,"s":"z"}\n{"a":3,"s":"cut';

describe("bad records of JSON files", () => {
  test("PERMISSIVE keeps them as nulls, with their text in the corrupt column and what could be read", async () => {
    const world = runtime();
    await put(world, "/in/a.json", bad);
    expect(await readAll(jsonProvider, testContext(world, ["/in"]), withCorrupt)).toEqual([
      [1n, "x", null],
      [null, null, "not json"],
      [null, "y", '{"a":"one","s":"y"}'],
      [2n, "z", null],
      [null, null, '{"a":3,"s":"cut'],
    ]);
    fired("D11");
  });

  test("DROPMALFORMED drops them", async () => {
    const world = runtime();
    await put(world, "/in/a.json", bad);
    const rows = await readAll(jsonProvider, testContext(world, ["/in"], { mode: "dropmalformed" }), schema);
    expect(rows).toEqual([
      [1n, "x"],
      [2n, "z"],
    ]);
    fired("D11");
  });

  test("FAILFAST names file and line, also in a split that does not begin at the start of the file", async () => {
    const world = runtime();
    await put(world, "/in/a.json", `${'{"a":1}\n'.repeat(40)}broken\n`);
    for (const conf of [{}, { "spark.sql.files.maxPartitionBytes": "50" }]) {
      await expect(
        readAll(jsonProvider, testContext(world, ["/in"], { mode: "FAILFAST" }, conf), schema),
      ).rejects.toMatchObject({
        errorClass: "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
        parameters: { badRecord: "broken", where: "/in/a.json, line 41" },
      });
    }
    fired("D11");
  });

  test("a dead-letter path takes them out of the result, with bytes, file, line, offset and reason", async () => {
    const world = runtime();
    const bytes = new TextEncoder().encode(`{"a":1}\nba?d\n${bad}`).map((byte) => (byte === 63 ? 0xff : byte));
    await put(world, "/in/a.json", bytes);
    const rows = await readAll(jsonProvider, testContext(world, ["/in"], { badRecordsPath: "/letters" }), schema);
    expect(rows).toEqual([
      [1n, null],
      [1n, "x"],
      [2n, "z"],
    ]);
    const [file] = await world.fs.list("/letters");
    const letters = new TextDecoder()
      .decode(await world.fs.readFile(`/letters/${file!.name}`))
      .trimEnd()
      .split("\n");
    expect(letters.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { path: "/in/a.json", line: 2, offset: 8, recordBase64: btoa("ba\u00ffd") },
      { line: 4, record: "not json" },
      { line: 5, record: '{"a":"one","s":"y"}', reason: expect.stringContaining("is not a bigint") as string },
      { line: 8, record: '{"a":3,"s":"cut', reason: expect.stringContaining("no end") as string },
    ]);
  });

  test("a line over maxRecordBytes is a bad record with its line, wherever chunks end", async () => {
    for (const chunkBytes of ["16", "100", "100000"]) {
      const world = runtime();
      await put(world, "/in/a.json", `{"a":1}\n{"a":2,"s":"${"x".repeat(3000)}"}\n{"a":3}\n`);
      const conf = { "millrace.files.chunkBytes": chunkBytes };
      const rows = await readAll(jsonProvider, testContext(world, ["/in"], { maxRecordBytes: "1k" }, conf), only("a"));
      expect(rows).toEqual([[1n], [null], [3n]]);
      const failing = readAll(
        jsonProvider,
        testContext(world, ["/in"], { maxRecordBytes: "1k", mode: "FAILFAST" }, conf),
        schema,
      );
      await expect(failing).rejects.toMatchObject({ parameters: { where: "/in/a.json, line 2" } });
    }
    fired("D13");
  });
});

test("a line of text over maxRecordBytes is an error with file and line", async () => {
  for (const chunkBytes of ["16", "100", "100000"]) {
    const world = runtime();
    await put(world, "/in/a.txt", `a\n${"x".repeat(3000)}\nb\n`);
    const context = testContext(world, ["/in"], { maxRecordBytes: "1k" }, { "millrace.files.chunkBytes": chunkBytes });
    await expect(readAll(textProvider, context, structType([field("value", stringType)]))).rejects.toMatchObject({
      errorClass: "RECORD_TOO_LARGE",
      parameters: { path: "/in/a.txt", line: "2", limit: "1024" },
    });
  }
  fired("D13");
});

test("JSON nested deeper than 512 is a malformed record, 512 levels are not", async () => {
  const world = runtime();
  const deep = (levels: number): string => `{"a":1,"x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}\n`;
  await put(world, "/in/a.json", deep(512) + deep(513) + deep(100_000));
  expect(await readAll(jsonProvider, testContext(world, ["/in"]), only("a"))).toEqual([[1n], [null], [null]]);
});

test("a directory that may not be read is named", async () => {
  const path = "/in";
  for (let at = 0; at < 3; at++) {
    const world = createSimulatedRuntime(1, { readFaults: [{ at, code: "EACCES" }] });
    await put(world, "/in/a.json", '{"a":1}\n');
    const reading = readAll(jsonProvider, testContext(world, [path]), only("a"));
    await expect(reading, `read ${at}`).rejects.toMatchObject({
      code: "EACCES",
      path: expect.stringContaining(path) as string,
    });
  }
});

describe("odd files", () => {
  test.each([
    ["a byte order mark", '\ufeff{"a":1}\n{"a":2}\n'],
    ["CRLF", '{"a":1}\r\n{"a":2}\r\n'],
    ["CR", '{"a":1}\r{"a":2}\r'],
    ["no line end at the end", '{"a":1}\n{"a":2}'],
    ["blank lines", '\n\n{"a":1}\n \t\n{"a":2}\n\n'],
  ])("%s", async (_, content) => {
    for (const chunkBytes of ["1", "3", "4096"]) {
      const world = runtime();
      await put(world, "/in/a.json", content);
      const context = testContext(world, ["/in"], {}, { "millrace.files.chunkBytes": chunkBytes });
      expect(await readAll(jsonProvider, context, only("a"))).toEqual([[1n], [2n]]);
    }
  });

  test("an empty file and one of blanks have no rows", async () => {
    const world = runtime();
    await put(world, "/in/a.json", "");
    await put(world, "/in/b.json", "\n \n");
    expect(await readAll(jsonProvider, testContext(world, ["/in"]), schema)).toEqual([]);
  });

  test("a NUL in a string is malformed, escaped it is not", async () => {
    const world = runtime();
    await put(world, "/in/a.json", '{"s":"a\u0000b"}\n{"s":"a\\u0000b"}\n');
    expect(await readAll(jsonProvider, testContext(world, ["/in"]), only("s"))).toEqual([[null], ["a\u0000b"]]);
  });

  test("hostile column names are ordinary", async () => {
    const names = ["__proto__", "constructor", 'quo"te', "new\nline", "k".repeat(10_000), "☃"];
    const wide = structType(names.map((name) => field(name, stringType)));
    const world = runtime();
    await put(world, "/in/a.json", `{${names.map((name, i) => `${JSON.stringify(name)}:"${i}"`).join(",")}}\n`);
    expect(await readAll(jsonProvider, testContext(world, ["/in"]), wide)).toEqual([names.map((_, i) => String(i))]);
  });

  test("2,000 columns are read", async () => {
    const wide = structType(Array.from({ length: 2000 }, (_, i) => field(`c${i}`, bigintType)));
    const world = runtime();
    const line = `{${wide.fields.map((f, i) => `"${f.name}":${i}`).join(",")}}\n`;
    await put(world, "/in/a.json", line + line);
    const rows = await readAll(jsonProvider, testContext(world, ["/in"]), wide);
    expect(rows.map((row) => row.reduce((sum: bigint, value) => sum + (value as bigint), 0n))).toEqual([
      1999000n,
      1999000n,
    ]);
  });

  test("gzip (several members) and deflate are read as what they hold; a torn one is an error that names it", async () => {
    const simulated = runtime();
    const compressed = { ...simulated, compression: createNodeRuntime().compression };
    await put(simulated, "/in/a.json.gz", Buffer.concat([gzipSync('{"a":1}\n{"a"'), gzipSync(":2}\n")]));
    await put(simulated, "/in/b.json.deflate", deflateSync('{"a":3}\n'));
    expect(await readAll(jsonProvider, testContext(compressed, ["/in"]), only("a"))).toEqual([[1n], [2n], [3n]]);
    await put(simulated, "/large/a.json.gz", gzipSync('{"a":1}\n'.repeat(5000)));
    expect((await readAll(jsonProvider, testContext(simulated, ["/large"]), only("a"))).length).toBe(5000);
    await put(simulated, "/torn/a.json.gz", gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 40));
    for (const world of [simulated, compressed]) {
      expect(await readAll(jsonProvider, testContext(world, ["/in/b.json.deflate"]), only("a"))).toEqual([[3n]]);
      await expect(readAll(jsonProvider, testContext(world, ["/torn"]), schema)).rejects.toMatchObject({
        errorClass: "FAILED_READ_FILE.NO_HINT",
        parameters: { path: "/torn/a.json.gz" },
      });
      const tolerant = testContext(world, ["/torn"], { ignoreCorruptFiles: "true" });
      await readAll(jsonProvider, tolerant, schema);
      expect(tolerant.warnings.join()).toContain("/torn/a.json.gz");
    }
    fired("D10");
  });

  test("a file that is gone after it was listed is an error that names it, or a warning", async () => {
    const world = runtime();
    await put(world, "/in/a.json", '{"a":1}\n');
    await put(world, "/in/b.json", '{"a":2}\n');
    for (const ignore of ["false", "true"]) {
      await put(world, "/in/b.json", '{"a":2}\n');
      const context = testContext(world, ["/in"], { ignoreMissingFiles: ignore });
      const source = await jsonProvider.openBatch!(context, { schema, columns: only("a") });
      await world.fs.apply([{ op: "remove", path: "/in/b.json" }]);
      const values: unknown[] = [];
      const all = async (): Promise<void> => {
        for (const split of source.splits) {
          for await (const batch of source.read(split, context.signal)) values.push(valueAt(batch.columns[0]!, 0));
        }
      };
      if (ignore === "true") await all();
      else
        await expect(all()).rejects.toMatchObject({
          errorClass: "FAILED_READ_FILE.FILE_NOT_EXIST",
          parameters: { path: "/in/b.json" },
        });
      expect(values).toEqual([1n]);
      expect(context.warnings.length).toBe(ignore === "true" ? 1 : 0);
    }
  });

  test("a path that does not exist is an error", async () => {
    await expect(readAll(jsonProvider, testContext(runtime(), ["/none"]), schema)).rejects.toMatchObject({
      errorClass: "PATH_NOT_FOUND",
    });
  });
});

test("splits at every size give the rows of the whole file", async () => {
  const world = runtime();
  const count = 30;
  await put(
    world,
    "/in/a.json",
    Array.from({ length: count }, (_, i) => `{"a":${i},"s":"${"é".repeat(i % 4)}"}${i % 3 === 0 ? "\r\n" : "\n"}`).join(
      "",
    ),
  );
  const expected = await readAll(jsonProvider, testContext(world, ["/in"]), schema);
  expect(expected.length).toBe(count);
  for (let part = 1; part < 60; part++) {
    const conf = {
      "spark.sql.files.maxPartitionBytes": String(part),
      "millrace.files.chunkBytes": String(1 + (part % 7)),
    };
    expect(await readAll(jsonProvider, testContext(world, ["/in"], {}, conf), schema)).toEqual(expected);
  }
});

test("a pushed filter sees its columns and decides before the others are read", async () => {
  const world = runtime();
  await put(world, "/in/a.json", Array.from({ length: 20_000 }, (_, i) => `{"s":"n${i % 3}","a":${i}}\n`).join(""));
  const filter = {
    columns: [1],
    conjuncts: [],
    select(batch: RecordBatch, selection: Int32Array): number {
      let count = 0;
      for (let i = 0; i < batch.length; i++) if (valueAt(batch.columns[1]!, i) === "n1") selection[count++] = i;
      return count;
    },
  };
  const rows = await readAll(jsonProvider, testContext(world, ["/in"]), schema, schema, filter);
  expect(rows.length).toBe(6667);
  expect(rows[6666]).toEqual([19_999n, "n1"]);
  // No column at all is only counted.
  const source = await jsonProvider.openBatch!(testContext(world, ["/in"]), { schema, columns: structType([]) });
  let count = 0;
  for await (const batch of source.read(source.splits[0]!, new AbortController().signal)) count += batch.length;
  expect(count).toBe(20_000);
});

test("globs, hidden files, name filters and subdirectories", async () => {
  const world = runtime();
  for (const path of [
    "/in/a1.txt",
    "/in/b2.txt",
    "/in/c.log",
    "/in/_x.txt",
    "/in/.y.txt",
    "/in/sub/d1.txt",
    "/other/a9.txt",
  ]) {
    await put(world, path, path);
  }
  const read = async (paths: string[], options: Record<string, string> = {}): Promise<unknown> =>
    (await readAll(textProvider, testContext(world, paths, options), structType([field("value", stringType)]))).map(
      (row) => row[0],
    );
  expect(await read(["/in"])).toEqual(["/in/a1.txt", "/in/b2.txt", "/in/c.log"]);
  expect(await read(["/in"], { recursiveFileLookup: "true", pathGlobFilter: "*1.txt" })).toEqual([
    "/in/a1.txt",
    "/in/sub/d1.txt",
  ]);
  expect(await read(["/{in,other}/[a-c]?.txt"])).toEqual(["/in/a1.txt", "/in/b2.txt", "/other/a9.txt"]);
  expect(await read(["/*/*/d*"])).toEqual(["/in/sub/d1.txt"]);
  expect(await read(["file:///in/c.log"])).toEqual(["/in/c.log"]);
  await expect(read(["/in/*.zip"])).rejects.toMatchObject({ errorClass: "PATH_NOT_FOUND" });
});

test("a directory that a file sink wrote is read through its manifest", async () => {
  const world = runtime();
  const entry = (name: string): string =>
    `{"path":"file:///out/${name}","size":6,"isDir":false,"modificationTime":1,"blockReplication":1,"blockSize":1,"action":"add"}`;
  for (const name of ["p1.txt", "p%20.txt".replace("%20", " "), "p3.txt", "orphan.txt"])
    await put(world, `/out/${name}`, `${name.slice(0, 5)}\n`);
  await put(world, "/out/_spark_metadata/0.compact", `v1\n${entry("p1.txt")}`);
  await put(world, "/out/_spark_metadata/1", `v1\n${entry("p%20.txt")}\n${entry("p3.txt")}`);
  const rows = await readAll(textProvider, testContext(world, ["/out"]), structType([field("value", stringType)]));
  expect(rows).toEqual([["p .tx"], ["p1.tx"], ["p3.tx"]]);
});

test("text: lines, whole files, other separators, bytes that are not UTF-8", async () => {
  const value = structType([field("value", stringType)]);
  const world = runtime();
  await put(world, "/in/a.txt", "one\r\n\ntwo|three");
  expect(await readAll(textProvider, testContext(world, ["/in"]), value)).toEqual([["one"], [""], ["two|three"]]);
  expect(await readAll(textProvider, testContext(world, ["/in"], { wholetext: "true" }), value)).toEqual([
    ["one\r\n\ntwo|three"],
  ]);
  expect(await readAll(textProvider, testContext(world, ["/in"], { lineSep: "|" }), value)).toEqual([
    ["one\r\n\ntwo"],
    ["three"],
  ]);
  await put(world, "/bin/a.txt", Uint8Array.of(97, 0xff, 10, 98, 10));
  expect(await readAll(textProvider, testContext(world, ["/bin"]), value)).toEqual([["a\ufffd"], ["b"]]);
});

describe("schema inference", () => {
  test("JSON: types merge as in Spark, fields in alphabetical order", async () => {
    const world = runtime();
    await put(
      world,
      "/in/a.json",
      '{"z":1,"b":{"y":1,"x":null},"m":[1,2.5],"k":1}\n{"a":"s","z":2.5,"b":{"w":true},"k":"text","big":12345678901234567890,"n":null}\n',
    );
    const inferred = await jsonProvider.inferSchema(testContext(world, ["/in"]), undefined, false);
    expect(shown(inferred)).toBe(
      "{a: string, b: {w: boolean, x: string, y: bigint}, big: decimal(20,0), k: string, m: [double], n: string, z: double}",
    );
    await put(world, "/in/b.json", "broken\n");
    expect(shown(await jsonProvider.inferSchema(testContext(world, ["/in"]), undefined, false))).toContain(
      "_corrupt_record: string",
    );
    await expect(
      jsonProvider.inferSchema(testContext(world, ["/in"], { mode: "FAILFAST" }), undefined, false),
    ).rejects.toMatchObject({
      parameters: { where: "/in/b.json, line 1" },
    });
  });

  test("CSV: names from the header, types by Spark's ladder", async () => {
    const world = runtime();
    await put(
      world,
      "/in/a.csv",
      "i,l,d,s,t,day,b,e\n1,1,1.5,x,2024-01-01 10:00:00,2024-01-01,true,\n2,3000000000,2,1,2024-01-02T00:00:00Z,2024-02-01,FALSE,\n",
    );
    const options = { header: "true", inferSchema: "true" };
    expect(shown(await csvProvider.inferSchema(testContext(world, ["/in"], options), undefined, false))).toBe(
      "{i: int, l: bigint, d: double, s: string, t: timestamp, day: date, b: boolean, e: string}",
    );
    expect(shown(await csvProvider.inferSchema(testContext(world, ["/in"]), undefined, false))).toMatch(
      /^\{_c0: string, .*_c7: string\}$/,
    );
  });
});

function shown(type: StructType["fields"][number]["type"]): string {
  if (type.kind === "struct") return `{${type.fields.map((f) => `${f.name}: ${shown(f.type)}`).join(", ")}}`;
  if (type.kind === "array") return `[${shown(type.element)}]`;
  return type.kind === "decimal" ? `decimal(${type.precision},${type.scale})` : type.kind;
}
