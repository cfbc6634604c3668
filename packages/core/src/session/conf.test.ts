import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SessionConf, settings } from "./conf.ts";

const root = join(import.meta.dirname, "..");
const documentation = readFileSync(join(root, "../../../docs/configuration.md"), "utf8");
const conf = (values: Readonly<Record<string, string>> = {}): SessionConf =>
  new SessionConf(new Map(Object.entries(values)), new Map());

/** Keys of settings that the code reads: the names that stand in a call, or in a constant whose name ends in `Key`. */
function keysRead(): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || /\.test(-d|-support)?\.ts$/.test(file)) continue;
    const text = readFileSync(join(root, file), "utf8");
    const reads = /(?:conf(?:\??\.(?:get|required|flag))?|Setting)\(([^;]{0,60}?)"((?:spark|millrace)\.[\w.]+)"/g;
    for (const [, , key] of text.matchAll(reads)) keys.add(key!);
    for (const [, key] of text.matchAll(/(?:Partitions|policy)Key = "((?:spark|millrace)\.[\w.]+)"/g)) keys.add(key!);
  }
  return keys;
}

test("every setting that is read stands in the table", () => {
  const keys = keysRead();
  expect(keys.size).toBeGreaterThan(20);
  expect([...keys].filter((key) => !Object.hasOwn(settings, key))).toEqual([]);
});

test("the documentation has every setting of the table with its default, and no other", () => {
  const rows = [...documentation.matchAll(/^\| `((?:spark|millrace)\.[^`]+)` \| (.*?) \|/gm)];
  const documented = new Map(rows.map(([, key, value]) => [key!, value!.replaceAll("`", "").trim()]));
  expect([...documented.keys()].sort()).toEqual(Object.keys(settings).sort());
  for (const [key, { default: value }] of Object.entries(settings)) {
    if (value !== undefined) expect([key, documented.get(key)]).toEqual([key, value]);
  }
});

describe("a value that makes no sense is refused when it is set", () => {
  test.each([
    ["spark.sql.streaming.stopActiveRunOnRestart", "maybe"],
    ["spark.sql.streaming.fileSource.log.compactInterval", "0"],
    ["spark.sql.streaming.fileSink.log.compactInterval", "ten"],
    ["spark.sql.streaming.fileSink.log.cleanupDelay", "1 fortnight"],
    ["spark.sql.streaming.pollingDelay", "soon"],
    ["spark.sql.files.maxPartitionBytes", "0"],
    ["spark.sql.jsonGenerator.ignoreNullFields", "1"],
    ["millrace.files.chunkBytes", "4 megs"],
    ["millrace.streaming.allowOutputModeChange", "yes"],
  ])("%s = %s", (key, value) => {
    expect(() => conf({ [key]: value })).toThrow(expect.objectContaining({ errorClass: "INVALID_CONF_VALUE" }));
    expect(() => conf().set(key, value)).toThrow(key);
  });
});

test("values with units are taken as they are", () => {
  const values = { "spark.sql.files.maxPartitionBytes": "64m", "spark.sql.streaming.pollingDelay": "50ms" };
  expect(conf(values).get("spark.sql.files.maxPartitionBytes")).toBe("64m");
  expect(conf(values).get("spark.sql.streaming.pollingDelay")).toBe("50ms");
  expect(conf().get("millrace.files.chunkBytes")).toBe("1048576");
});
