/** Parquet files between Spark and Millrace: what one writes, the other reads, with the same types and values. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { duckdbPython } from "../../scripts/python-environments.ts";
import { normalized } from "./spark/canonical.ts";
import { useEngines } from "./spark/engines.ts";
import type { Plan, ReadPlan, Step } from "./spark/plans.ts";
import type { Failure, Table } from "./spark/spark-engine.ts";

const { Millrace: millrace, Spark: spark } = await useEngines();
const directory = mkdtempSync(`${tmpdir()}/millrace-parquet-`);
afterAll(() => rmSync(directory, { recursive: true }));

const scalars: Step = [
  "select",
  "id",
  "CAST(id % 100 AS TINYINT) AS t",
  "CAST(id % 30000 AS SMALLINT) AS s",
  "IF(id % 7 = 0, NULL, CAST(id AS INT)) AS i",
  "id * 1000000007 - 5000000 AS l",
  "CAST(id AS FLOAT) / 8 AS f",
  "CAST(id AS DOUBLE) / 7 AS x",
  "id % 3 = 0 AS b",
  "IF(id % 5 = 0, NULL, concat('word ', CAST(id % 17 AS STRING))) AS w",
  "concat('ünique text ', CAST(id AS STRING)) AS u",
  "CAST(concat('x', CAST(id AS STRING)) AS BINARY) AS y",
  "date_add(DATE '1969-12-01', CAST(id AS INT)) AS d",
  "timestamp_micros(id * 1000003 - 7000000000) AS at",
  "CAST(date_add(DATE '2024-01-01', CAST(id % 900 AS INT)) AS TIMESTAMP_NTZ) AS ntz",
  "CAST(id % 10000 AS DECIMAL(5,1)) AS d5",
  "CAST(id AS DECIMAL(18,4)) - 100 AS d18",
  "CAST(-id AS DECIMAL(30,6)) / 3 AS d38",
];
const nested: Step = [
  "select",
  "id",
  "IF(id % 4 = 0, NULL, IF(id % 4 = 1, array(), array(id, NULL, id + 1))) AS la",
  "struct(id AS a, IF(id % 2 = 0, 'x', NULL) AS b, array(struct(id AS z)) AS c) AS st",
  "map(concat('k', CAST(id AS STRING)), id, 'j', NULL) AS m",
  "array(array(id), array(), NULL) AS ll",
  "IF(id % 3 = 0, NULL, struct(struct(IF(id % 2 = 0, id, NULL) AS q) AS p)) AS ns",
];

function planOf(rows: number, step: Step): Plan {
  return { range: rows, steps: [step] } as Plan;
}
function readBack(path: string, extra: Partial<ReadPlan> = {}, steps: readonly Step[] = []): Plan {
  return { read: { format: "parquet", path, ...extra }, steps };
}
/** Columns and rows, in the order of the column `id`. */
function content(table: Table | Failure): { readonly columns: Table["columns"]; readonly rows: readonly string[] } {
  if ("error" in table) throw new Error(`${table.error}: ${table.message}`);
  return { columns: table.columns, rows: table.rows.map((row) => JSON.stringify(row.map(normalized))).sort() };
}

const variants: readonly {
  readonly name: string;
  readonly [key: string]: unknown;
  readonly options: Record<string, string>;
}[] = [
  { name: "snappy", options: {} },
  { name: "zstd", options: { compression: "zstd" } },
  { name: "gzip", options: { compression: "gzip" } },
  { name: "none", options: { compression: "none" } },
  { name: "lz4raw", options: { compression: "lz4_raw" } },
  { name: "plain", options: { "parquet.enable.dictionary": "false" } },
  { name: "delta", options: { "parquet.writer.version": "v2", "parquet.enable.dictionary": "false" } },
  { name: "pages-v2", options: { "parquet.writer.version": "v2", compression: "zstd" } },
  { name: "small-pages", options: { "parquet.page.size": "512", "parquet.block.size": "20000" } },
  { name: "bloom", options: { "parquet.bloom.filter.enabled#u": "true" } },
];

describe("what Spark writes, Millrace reads", () => {
  for (const { name, options } of variants) {
    for (const [kind, step] of [
      ["scalars", scalars],
      ["nested", nested],
    ] as const) {
      test(`${kind}, ${name}`, async () => {
        const path = `${directory}/spark-${kind}-${name}`;
        expect(await spark.write({ plan: planOf(3000, step), path, format: "parquet", options })).toBeUndefined();
        expect(content(await millrace.run(readBack(path)))).toEqual(content(await spark.run(readBack(path))));
      });
    }
  }

  test("timestamps of all forms, older decimals and lists of two levels", async () => {
    for (const form of ["INT96", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS"]) {
      const path = `${directory}/spark-times-${form}`;
      const conf = { "spark.sql.parquet.outputTimestampType": form };
      expect(await spark.write({ plan: planOf(500, scalars), path, format: "parquet", conf })).toBeUndefined();
      expect(content(await millrace.run(readBack(path)))).toEqual(content(await spark.run(readBack(path))));
    }
    const path = `${directory}/spark-legacy`;
    const conf = { "spark.sql.parquet.writeLegacyFormat": "true" };
    for (const step of [scalars, nested]) {
      expect(await spark.write({ plan: planOf(500, step), path, format: "parquet", conf })).toBeUndefined();
      expect(content(await millrace.run(readBack(path)))).toEqual(content(await spark.run(readBack(path))));
    }
  });

  test("filters that statistics, page index and bloom filters serve", async () => {
    const path = `${directory}/spark-filters`;
    const options = {
      "parquet.page.size": "512",
      "parquet.page.row.count.limit": "100",
      "parquet.block.size": "20000",
      "parquet.bloom.filter.enabled#u": "true",
      "parquet.bloom.filter.enabled#id": "true",
    };
    expect(await spark.write({ plan: planOf(3000, scalars), path, format: "parquet", options })).toBeUndefined();
    const conditions = [
      "id = 1234",
      "id IN (5, 2999, 77777)",
      "id >= 2990 AND i < 2995",
      "u = 'ünique text 1500'",
      "u = 'nothing'",
      "w IS NULL AND id < 50",
      "i IS NULL",
      "d BETWEEN DATE '1970-01-01' AND DATE '1970-01-05'",
      "at < timestamp_micros(-6990000000)",
      "x > 428",
      "d5 = 12.0",
      "startswith(u, 'ünique text 29')",
      "t = 5 OR s > 2995",
      "y = CAST('x99' AS BINARY)",
      "id > 9999999",
      "missing_everywhere IS NULL AND id = 3",
    ];
    for (const condition of conditions) {
      const schema =
        "id BIGINT, t TINYINT, s SMALLINT, i INT, u STRING, w STRING, d DATE, at TIMESTAMP, x DOUBLE, d5 DECIMAL(5,1), y BINARY, missing_everywhere INT";
      const plan = readBack(path, { schema }, [["filter", condition]]);
      expect(content(await millrace.run(plan)), condition).toEqual(content(await spark.run(plan)));
    }
  });
});

/** Columns of DuckDB's types that Spark reads too. */
const duckColumns = [
  "i AS id",
  "(i % 100)::TINYINT AS t",
  "(i % 200)::UTINYINT AS ut",
  "(i % 60000)::USMALLINT AS us",
  "(i * 400000)::UINTEGER AS ui",
  "(i::UBIGINT + 9223372036854770000) AS ul",
  "(i / 7)::FLOAT AS f",
  "(i / 7)::DOUBLE AS x",
  "i % 3 = 0 AS b",
  "CASE WHEN i % 5 = 0 THEN NULL ELSE 'str' || (i % 17) END AS s",
  "'unique ' || i AS u",
  "('x' || i)::BLOB AS y",
  "DATE '1969-01-01' + (i % 10000)::INTEGER AS d",
  "TIMESTAMP '2020-01-01' + INTERVAL (i) SECOND AS ntz",
  "(TIMESTAMP '2020-01-01' + INTERVAL (i) SECOND)::TIMESTAMP_MS AS ms",
  "(i % 9999 / 100)::DECIMAL(4, 2) AS d4",
  "(i / 100)::DECIMAL(18, 2) AS d18",
  "(-i / 100)::DECIMAL(38, 2) AS d38",
  "CASE WHEN i % 4 = 0 THEN NULL WHEN i % 4 = 1 THEN [] ELSE [i, NULL, i + 1] END AS la",
  "{'a': i, 'b': CASE WHEN i % 2 = 0 THEN 'x' END, 'c': [{'z': i}, NULL]} AS st",
  "MAP {'k' || i: i, 'j': NULL} AS m",
  "CASE WHEN i % 3 = 0 THEN NULL ELSE {'p': {'q': CASE WHEN i % 2 = 0 THEN i END}} END AS ns",
];

test("what DuckDB writes, Millrace reads as Spark does", async () => {
  const python = duckdbPython(console.log);
  for (const version of ["V1", "V2"]) {
    for (const codec of ["snappy", "zstd", "uncompressed", "lz4_raw"]) {
      const path = `${directory}/duck-${version}-${codec}.parquet`;
      const options = `FORMAT parquet, COMPRESSION ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 4096`;
      const query = `COPY (SELECT ${duckColumns.join(", ")} FROM range(0, 6000) r(i)) TO '${path}' (${options})`;
      execFileSync(python, ["-c", "import sys, duckdb; duckdb.sql(sys.argv[1])", query]);
      expect(content(await millrace.run(readBack(path)))).toEqual(content(await spark.run(readBack(path))));
    }
  }
});

describe("what Millrace writes, Spark reads", () => {
  for (const compression of ["snappy", "zstd", "gzip", "none"]) {
    test(compression, async () => {
      for (const [kind, step] of [
        ["scalars", scalars],
        ["nested", nested],
      ] as const) {
        const path = `${directory}/millrace-${kind}-${compression}`;
        const plan = planOf(3000, step);
        const options = { compression, "parquet.block.size": "100k", "parquet.page.size": "4k" };
        expect(await millrace.write({ plan, path, format: "parquet", options })).toBeUndefined();
        expect(content(await spark.run(readBack(path)))).toEqual(content(await millrace.run(readBack(path))));
        expect(content(await spark.run(readBack(path))).rows).toEqual(content(await spark.run(plan)).rows);
        const filter: Step = ["filter", "id > 2900 OR id = 17"];
        expect(content(await spark.run(readBack(path, {}, [filter])))).toEqual(
          content(await millrace.run(readBack(path, {}, [filter]))),
        );
      }
    });
  }
});

test("errors and schemas that do not fit have the same class, or the same rows", async () => {
  const schemas = [
    "i BIGINT",
    "i DOUBLE",
    "i STRING",
    "i TINYINT",
    "i DATE",
    "i DECIMAL(12,1)",
    "i DECIMAL(9,0)",
    "i ARRAY<INT>",
    "s INT",
    "t BIGINT",
    "l INT",
    "l DOUBLE",
    "l TIMESTAMP",
    "l DECIMAL(20,0)",
    "l DECIMAL(19,0)",
    "w INT",
    "w BINARY",
    "y STRING",
    "f DOUBLE",
    "x FLOAT",
    "d INT",
    "d TIMESTAMP_NTZ",
    "d TIMESTAMP",
    "d5 DECIMAL(10,2)",
    "d5 DECIMAL(4,1)",
    "d18 BIGINT",
    "d38 DECIMAL(38,8)",
    "at BIGINT",
    "at TIMESTAMP_NTZ",
    "ntz TIMESTAMP",
    "b INT",
    "W STRING",
    "nowhere STRING, id BIGINT",
  ];
  const differences: unknown[] = [];
  for (const form of ["INT96", "TIMESTAMP_MICROS"]) {
    const path = `${directory}/conflicts-${form}`;
    const conf = { "spark.sql.parquet.outputTimestampType": form };
    await spark.write({ plan: planOf(10, scalars), path, format: "parquet", conf });
    for (const schema of schemas) {
      const plan = readBack(path, { schema });
      const [ours, theirs] = [await millrace.run(plan), await spark.run(plan)].map((result) =>
        JSON.stringify("error" in result ? result.error : content(result)),
      );
      if (ours !== theirs) differences.push({ form, schema, ours, theirs });
    }
  }
  expect(differences).toEqual([]);
});
