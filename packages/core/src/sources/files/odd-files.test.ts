import { gzipSync, zstdCompressSync } from "node:zlib";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { createNodeRuntime } from "../../runtime/node/index.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import { parseDdl } from "../../types/ddl.ts";
import { simpleString } from "../../types/type-names.ts";
import { put, readAll, testContext } from "../source.test-support.ts";
import { csvProvider, fileProviders, jsonProvider, parquetProvider, textProvider } from "./providers.ts";
import { fired } from "../../runtime/simulated/fault-count.test-support.ts";

const runtime = (): ReturnType<typeof createSimulatedRuntime> => createSimulatedRuntime(1);
const schema = parseDdl("v int");
const directory = mkdtempSync(`${tmpdir()}/millrace-odd-files-`);
afterAll(() => rmSync(directory, { recursive: true }));

/** Snappy's literal form in Hadoop's frame: blocks of a few bytes. */
function hadoopSnappy(text: string): Uint8Array {
  const parts: number[] = [];
  for (const block of text.match(/[^]{1,20}/g) ?? []) {
    const bytes = [...new TextEncoder().encode(block)];
    const snappy = [bytes.length, (bytes.length - 1) << 2, ...bytes];
    parts.push(0, 0, 0, bytes.length, 0, 0, 0, snappy.length, ...snappy);
  }
  return Uint8Array.from(parts);
}

describe("compression", () => {
  const json = '{"v":1}\n{"v":2}\n{"v":3}\n';

  test("Hadoop's Snappy blocks, whole and damaged", async () => {
    const whole = hadoopSnappy(json);
    const world = runtime();
    await put(world, "/in/a.json.snappy", whole);
    expect(await readAll(jsonProvider, testContext(world, ["/in"]), schema)).toEqual([[1], [2], [3]]);
    for (let length = 1; length < whole.length; length++) {
      await put(world, "/in/a.json.snappy", whole.subarray(0, length));
      const context = testContext(world, ["/in"]);
      const read = readAll(jsonProvider, context, schema);
      // Cut between two blocks it is a shorter file.
      if (length === 30) expect(await read).toHaveLength(3);
      else await expect(read, `${length} bytes`).rejects.toMatchObject({ errorClass: "FAILED_READ_FILE.NO_HINT" });
    }
    await put(world, "/in/a.json.snappy", new Uint8Array(50).fill(0x7f));
    await expect(readAll(jsonProvider, testContext(world, ["/in"]), schema)).rejects.toMatchObject({
      parameters: { path: "/in/a.json.snappy" },
    });
  });

  test("zstd of several frames, torn gzip with and without ignoreCorruptFiles", async () => {
    const node = createNodeRuntime();
    mkdirSync(`${directory}/z`);
    writeFileSync(`${directory}/z/a.json.zst`, Buffer.concat([zstdCompressSync(json), zstdCompressSync(json)]));
    expect(await readAll(jsonProvider, testContext(node, [`${directory}/z`]), schema)).toHaveLength(6);
    mkdirSync(`${directory}/g`);
    writeFileSync(`${directory}/g/a.json.gz`, gzipSync(json.repeat(9999)).subarray(0, -20));
    writeFileSync(`${directory}/g/b.json`, json);
    const torn = readAll(jsonProvider, testContext(node, [`${directory}/g`]), schema);
    await expect(torn).rejects.toMatchObject({
      errorClass: "FAILED_READ_FILE.NO_HINT",
      parameters: { path: `${directory}/g/a.json.gz` },
    });
    const context = testContext(node, [`${directory}/g`], { ignoreCorruptFiles: "true" });
    expect((await readAll(jsonProvider, context, schema)).length).toBeGreaterThan(3);
    expect(context.warnings.join()).toContain("a.json.gz");
    expect(await jsonProvider.inferSchema(context, undefined, false)).toEqual(parseDdl("v bigint"));
    fired("D10");
  });

  test("what cannot be decompressed is refused by its name", async () => {
    const world = runtime();
    await put(world, "/in/a.json.bz2", "BZh9");
    await expect(readAll(jsonProvider, testContext(world, ["/in"]), schema)).rejects.toMatchObject({
      errorClass: "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
    });
  });
});

describe("options", () => {
  test("modifiedAfter and modifiedBefore", async () => {
    const world = createSimulatedRuntime(1, { startMs: Date.UTC(2024, 1, 29, 12) });
    await put(world, "/in/old.json", '{"v":1}\n');
    await world.clock.advance(3_600_000);
    await put(world, "/in/new.json", '{"v":2}\n');
    const read = (options: Record<string, string>): Promise<unknown> =>
      readAll(jsonProvider, testContext(world, ["/in"], options), schema);
    expect(await read({ modifiedAfter: "2024-02-29T12:30:00" })).toEqual([[2]]);
    expect(await read({ modifiedBefore: "2024-02-29T12:30:00" })).toEqual([[1]]);
    expect(await read({ modifiedAfter: "2024-02-29T13:30:00", timeZone: "Europe/Berlin" })).toEqual([[2]]);
    await expect(read({ modifiedAfter: "yesterday" })).rejects.toMatchObject({ errorClass: "INVALID_OPTION" });
  });

  test.each([
    ["iso-8859-1", Buffer.from('{"v":1,"s":"ä"}\n{"v":2,"s":"é"}\n', "latin1")],
    ["utf-16le", Buffer.from('{"v":1,"s":"ä"}\n{"v":2,"s":"é"}\n', "utf16le")],
    ["UTF-16", Buffer.from('\uFEFF{"v":1,"s":"ä"}\n{"v":2,"s":"é"}\n', "utf16le")],
    ["UTF-16BE", Buffer.from('{"v":1,"s":"ä"}\n{"v":2,"s":"é"}\n', "utf16le").swap16()],
  ])("charset %s", async (encoding, bytes) => {
    const world = runtime();
    await put(world, "/in/a.json", bytes);
    const context = testContext(world, ["/in"], { encoding }, { "millrace.files.chunkBytes": "7" });
    const inferred = await jsonProvider.inferSchema(context, undefined, false);
    expect(inferred.fields.map((f) => `${f.name} ${simpleString(f.type)}`)).toEqual(["s string", "v bigint"]);
    expect(await readAll(jsonProvider, context, inferred)).toEqual([
      ["ä", 1n],
      ["é", 2n],
    ]);
  });

  test("options that are not there, or make no sense, are refused", async () => {
    const world = runtime();
    await put(world, "/in/a.csv", "1\n");
    for (const options of [
      { unescapedQuoteHandling: "RAISE_ERROR" },
      { locale: "de-DE" },
      { singleVariantColumn: "v" },
      { basePath: "/elsewhere" },
    ] as Record<string, string>[]) {
      const read = readAll(csvProvider, testContext(world, ["/in"], options), schema);
      await expect(read, JSON.stringify(options)).rejects.toMatchObject({ errorClass: "INVALID_OPTION" });
    }
    const unknown = readAll(csvProvider, testContext(world, ["/in"], { encoding: "utf-99" }), schema);
    await expect(unknown).rejects.toMatchObject({ errorClass: "INVALID_PARAMETER_VALUE.CHARSET" });
  });
});

describe("inference over several files", () => {
  test("JSON takes the types that hold all, CSV the names of the first file", async () => {
    const world = runtime();
    await put(world, "/in/a.json", '{"a":1,"b":"x"}\n');
    await put(world, "/in/b.json", '{"a":1.5,"c":[1]}\n');
    await put(world, "/in/c.json", '{"c":["x"],"d":{"e":true}}\n');
    const inferred = await jsonProvider.inferSchema(testContext(world, ["/in"]), undefined, false);
    expect(inferred.fields.map((f) => `${f.name} ${simpleString(f.type)}`)).toEqual([
      "a double",
      "b string",
      "c array<string>",
      "d struct<e:boolean>",
    ]);
    await put(world, "/csv/a.csv", "x,y\n1,2\n");
    await put(world, "/csv/b.csv", "x,y\n1.5,2024-01-01\n");
    const csv = await csvProvider.inferSchema(
      testContext(world, ["/csv"], { header: "true", inferSchema: "true" }),
      undefined,
      false,
    );
    expect(csv.fields.map((f) => `${f.name} ${simpleString(f.type)}`)).toEqual(["x double", "y string"]);
  });

  test("a separator of lines is no part of a record", async () => {
    const world = runtime();
    await put(world, "/in/a.json", '{"v":1}|{"v":2}|');
    const inferred = await jsonProvider.inferSchema(testContext(world, ["/in"], { lineSep: "|" }), undefined, false);
    expect(inferred.fields.map((f) => f.name)).toEqual(["v"]);
  });

  test("nothing to infer from is UNABLE_TO_INFER_SCHEMA, a file that is none names itself", async () => {
    const world = runtime();
    await put(world, "/in/a.parquet", "nothing");
    const parquet = (options: Record<string, string>): Promise<unknown> =>
      parquetProvider.inferSchema(testContext(world, ["/in"], options), undefined, false);
    await expect(parquet({})).rejects.toMatchObject({ errorClass: "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER" });
    await expect(parquet({ ignoreCorruptFiles: "true" })).rejects.toMatchObject({
      errorClass: "UNABLE_TO_INFER_SCHEMA",
    });
    await world.fs.apply([{ op: "makeDirectory", path: "/empty" }]);
    await expect(jsonProvider.inferSchema(testContext(world, ["/empty"]), undefined, false)).rejects.toMatchObject({
      errorClass: "UNABLE_TO_INFER_SCHEMA",
    });
  });
});

test("binaryFile gives whole files, and reads their content only where it is wanted", async () => {
  const world = createSimulatedRuntime(1, { startMs: 1_700_000_000_000 });
  await put(world, "/in/p=1/a.bin", Uint8Array.of(1, 2, 3));
  await put(world, "/in/p=2/b.bin", Uint8Array.of());
  const provider = fileProviders.find(({ names }) => names.includes("binaryfile"))!;
  const context = testContext(world, ["/in"]);
  const inferred = await provider.inferSchema(context, undefined, false);
  expect(await readAll(provider, context, inferred)).toEqual([
    ["file:/in/p=1/a.bin", 1_700_000_000_000_000n, 3n, Uint8Array.of(1, 2, 3), 1],
    ["file:/in/p=2/b.bin", 1_700_000_000_000_000n, 0n, Uint8Array.of(), 2],
  ]);
  const limited = testContext(world, ["/in"], {}, { "spark.sql.sources.binaryFile.maxLength": "2" });
  expect(await readAll(provider, limited, inferred, parseDdl("length bigint"))).toEqual([[3n], [0n]]);
  await expect(readAll(provider, limited, inferred)).rejects.toMatchObject({ errorClass: "RECORD_TOO_LARGE" });
});

test("text of partitioned directories has its columns too", async () => {
  const world = runtime();
  await put(world, "/in/p=x/a.txt", "one\ntwo\n");
  const inferred = await textProvider.inferSchema(testContext(world, ["/in"]), undefined, false);
  expect(await readAll(textProvider, testContext(world, ["/in"]), inferred)).toEqual([
    ["one", "x"],
    ["two", "x"],
  ]);
});
