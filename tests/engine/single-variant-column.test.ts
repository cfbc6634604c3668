/** JSON files whose records are one column of VARIANT each. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SparkSession } from "millrace";

const lines = [
  '{"k":1,"v":[1,{"a":"x"}]}',
  "",
  "[1,2]",
  '"s"',
  "17\r",
  "{bad",
  '{"k":1,"k":2}',
  '{"k":2} rest',
  "null",
];
const values = ['{"k":1,"v":[1,{"a":"x"}]}', "[1,2]", '"s"', "17", null, null, '{"k":2}', "null"];

let directory: string;
let spark: SparkSession;
beforeAll(async () => {
  directory = mkdtempSync(`${tmpdir()}/millrace-variant-column-`);
  writeFileSync(`${directory}/a.json`, lines.join("\n"));
  mkdirSync(`${directory}/days/day=3`, { recursive: true });
  writeFileSync(`${directory}/days/day=3/a.json`, '{"k":\n1}');
  spark = await SparkSession.builder.create();
  spark.sparkContext.setLogLevel("OFF");
});
afterAll(async () => {
  await spark.stop();
  rmSync(directory, { recursive: true });
});

describe("singleVariantColumn", () => {
  const reader = () => spark.read.option("singleVariantColumn", "v");
  const failure = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => "no error",
      (error: { readonly errorClass?: string }) => error.errorClass,
    );

  test("takes records of any shape; malformed ones are NULL, dropped or an error", async () => {
    const df = reader().json(`${directory}/a.json`);
    expect(await df.dtypes()).toEqual([["v", "variant"]]);
    const texts = await df.selectExpr("to_json(v) AS t").collect();
    expect(texts.map((row) => row["t"])).toEqual(values);
    expect(await df.count()).toBe(8);
    const dropped = reader().option("mode", "DROPMALFORMED").json(`${directory}/a.json`).selectExpr("to_json(v) AS t");
    expect((await dropped.collect()).map((row) => row["t"])).toEqual(values.filter((value) => value !== null));
    expect(await failure(reader().option("mode", "FAILFAST").json(`${directory}/a.json`).collect())).toBe(
      "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
    );
  });
  test("keeps corrupt records beside it", async () => {
    const df = reader().schema("v VARIANT, _corrupt_record STRING").json(`${directory}/a.json`);
    const corrupt = await df.filter("_corrupt_record IS NOT NULL").select("_corrupt_record").collect();
    expect(corrupt.map((row) => row["_corrupt_record"])).toEqual(["{bad", '{"k":1,"k":2}']);
  });
  test("reads documents, directories with values, and streams", async () => {
    const days = reader().option("multiLine", true).json(`${directory}/days`);
    expect(await days.selectExpr("v:k::int AS k", "day").collect()).toEqual([{ k: 1, day: 3 }]);
    const stream = spark.readStream
      .option("singleVariantColumn", "v")
      .schema("v VARIANT")
      .json(`${directory}/*.json`)
      .selectExpr("v:k::int AS k")
      .filter("k IS NOT NULL");
    const query = await stream.writeStream
      .format("memory")
      .queryName("variants")
      .trigger({ availableNow: true })
      .start();
    await query.awaitTermination();
    expect(await spark.table("variants").collect()).toEqual([{ k: 1 }, { k: 2 }]);
  });
  test("refuses other schemas", async () => {
    for (const schema of ["w VARIANT", "v INT", "v VARIANT, k INT"]) {
      expect(await failure(reader().schema(schema).json(`${directory}/a.json`).collect())).toBe(
        "INVALID_SINGLE_VARIANT_COLUMN",
      );
    }
  });
});
