import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SparkSession } from "../api/index.ts";
import { fired } from "../runtime/simulated/fault-count.test-support.ts";

let base: string;
let inside: string;
let outside: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "millrace-roots-"));
  inside = join(base, "inside");
  outside = join(base, "outside");
  for (const path of [inside, outside, join(inside, "in"), join(inside, "linked")]) mkdirSync(path);
  writeFileSync(join(inside, "in", "a.txt"), "a\n");
  writeFileSync(join(outside, "secret.txt"), "secret\n");
  symlinkSync(join(inside, "in", "a.txt"), join(inside, "linked", "within.txt"));
  symlinkSync(join(outside, "secret.txt"), join(inside, "linked", "without.txt"));
  symlinkSync(outside, join(inside, "directory"));
  symlinkSync(join(outside, "new"), join(inside, "nothing"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const refused = { errorClass: "PATH_NOT_ALLOWED" };

function session(master = "local"): Promise<SparkSession> {
  return SparkSession.builder
    .master(master)
    .config("millrace.restrictPaths", `${inside}, ${join(base, "not-there")}`)
    .config("millrace.parallel.minBytes", "1")
    .create();
}

describe("millrace.restrictPaths", () => {
  test("files of the directories are read, also through links that stay inside", async () => {
    await using spark = await session();
    expect(await spark.read.text(join(inside, "in")).collect()).toEqual([{ value: "a" }]);
    expect(await spark.read.text(join(inside, "linked", "within.txt")).collect()).toEqual([{ value: "a" }]);
  });

  test.each([
    ["a path elsewhere", () => join(outside, "secret.txt")],
    ["a path that climbs out", () => `${inside}/../outside/secret.txt`],
    ["a link to a file", () => join(inside, "linked", "without.txt")],
    ["a link in a directory that is read", () => join(inside, "linked")],
    ["a path through a link to a directory", () => join(inside, "directory", "secret.txt")],
    ["a pattern", () => `${base}/*/secret.txt`],
    ["a directory whose name begins like an allowed one", () => `${inside}-2`],
  ])("%s is not read", async (_, path) => {
    await using spark = await session();
    await expect(spark.read.text(path()).collect()).rejects.toMatchObject(refused);
    fired("B17");
  });

  test("worker threads are held by it too", async () => {
    mkdirSync(join(inside, "many"));
    for (let i = 0; i < 4; i++) writeFileSync(join(inside, "many", `${i}.json`), `{"a":${i}}\n`);
    await using spark = await session("local[2]");
    const frame = spark.read.schema({ a: "int" }).json(join(inside, "many")).filter("a >= 0");
    expect(await frame.count()).toBe(4);
    writeFileSync(join(outside, "4.json"), '{"a":4}\n');
    symlinkSync(join(outside, "4.json"), join(inside, "many", "4.json"));
    await expect(frame.count()).rejects.toMatchObject(refused);
  });

  test("nothing is written elsewhere: output, checkpoint, what a link leads to", async () => {
    await using spark = await session();
    const rows = spark.read.text(join(inside, "in"));
    const before = readdirSync(outside);
    for (const path of [join(outside, "out"), join(inside, "directory", "out"), join(inside, "nothing")]) {
      await expect(rows.write.text(path), path).rejects.toMatchObject(refused);
    }
    const start = (out: string, checkpoint: string) =>
      spark.readStream
        .text(join(inside, "in"))
        .writeStream.format("text")
        .option("checkpointLocation", checkpoint)
        .trigger({ availableNow: true })
        .start(out)
        .then((query) => query.awaitTermination());
    await expect(start(join(inside, "out"), join(inside, "directory", "cp"))).rejects.toMatchObject(refused);
    mkdirSync(join(inside, "cp"));
    symlinkSync(outside, join(inside, "cp", "offsets"));
    await expect(start(join(inside, "out"), join(inside, "cp"))).rejects.toMatchObject(refused);
    rmSync(join(inside, "cp"), { recursive: true });
    await start(join(inside, "out"), join(inside, "cp"));
    expect(existsSync(join(inside, "cp", "commits", "0"))).toBe(true);
    expect(readdirSync(outside)).toEqual(before);
  });

  test("a query without a checkpoint and rows that go to disk use the temporary directory", async () => {
    await using spark = await session();
    spark.conf.set("millrace.memory.limit", "100k");
    expect(await spark.range(0, 50_000).orderBy("id").count()).toBe(50_000);
    const query = await spark.readStream
      .text(join(inside, "in"))
      .writeStream.format("memory")
      .queryName("lines")
      .trigger({ availableNow: true })
      .start();
    await query.awaitTermination();
    expect(await spark.table("lines").count()).toBe(1);
  });

  test("it is fixed when the session is built, and names absolute directories", async () => {
    await using spark = await session();
    expect(() => spark.conf.set("millrace.restrictPaths", "/")).toThrow(/millrace\.restrictPaths/);
    await using other = await spark.newSession();
    await expect(other.read.text(join(outside, "secret.txt")).collect()).rejects.toMatchObject(refused);
    await expect(SparkSession.builder.config("millrace.restrictPaths", "data").create()).rejects.toMatchObject({
      errorClass: expect.stringContaining("INVALID_CONF_VALUE"),
    });
  });
});
