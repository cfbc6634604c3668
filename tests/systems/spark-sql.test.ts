/** SQL expressions and batch plans evaluated by Millrace and by Spark; what differs must be listed in docs/differences.md. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { functionRegistry } from "../../packages/core/src/functions/registry.ts";
import { listedUnder } from "./differences.ts";
import { normalized } from "./spark/canonical.ts";
import { useEngines } from "./spark/engines.ts";
import type { Plan, Show } from "./spark/plans.ts";
import type { Failure, Table } from "./spark/spark-engine.ts";

const engines = await useEngines();
const directory = mkdtempSync(`${tmpdir()}/millrace-sql-`);
afterAll(() => rmSync(directory, { recursive: true }));

/** The rows that `expressions.sql` is about: one with values, one with NULLs. */
const columns = {
  i: ["1", "INT"],
  b: ["2L", "BIGINT"],
  s: ["'abc'", "STRING"],
  d: ["1.5D", "DOUBLE"],
  f: ["1.5F", "FLOAT"],
  n: ["CAST(12.34 AS DECIMAL(10,2))", "DECIMAL(10,2)"],
  t: ["TIMESTAMP'2024-02-29 12:34:56.789012Z'", "TIMESTAMP"],
  day: ["DATE'2024-02-29'", "DATE"],
  flag: ["true", "BOOLEAN"],
  list: ["array(1, 2, 3)", "ARRAY<INT>"],
  m: ["map('a', 1)", "MAP<STRING, INT>"],
  st: ["named_struct('a', 1, 'b', 'x')", "STRUCT<a: INT, b: STRING>"],
} as const;
const rows: Plan = {
  inline: {
    columns: Object.keys(columns),
    rows: [
      Object.values(columns).map(([value]) => value),
      Object.values(columns).map(([, type]) => `CAST(NULL AS ${type})`),
    ],
  },
};

/** Expressions by session time zone. */
function expressions(): readonly (readonly [zone: string, readonly string[]])[] {
  const text = readFileSync(new URL("expressions.sql", import.meta.url), "utf8");
  const sections = `--- UTC\n${text}`.split(/^--- /m).slice(1);
  const listed = sections.map((section) => {
    const [zone, ...lines] = section.split("\n");
    return [zone!, lines.filter((line) => line !== "" && !line.startsWith("--"))] as const;
  });
  // What differs from one evaluation to the next, and what only plans contain, cannot be compared.
  const documented = functionRegistry
    .allFunctions()
    .filter((fn) => fn.doc.group !== "Internal")
    .flatMap((fn) => fn.doc.examples.map(({ sql }) => sql));
  return [["UTC", documented], ...listed];
}

function comparable(answer: Table | Failure): string {
  if ("error" in answer) return answer.error;
  const names = answer.columns.map(([name, type]) => `${name}: ${type}`).join(", ");
  return `${names} = ${JSON.stringify(answer.rows.map(normalized))}`;
}

test("every expression has Spark's name, type, value or error, or stands in docs/differences.md", async () => {
  const allowed = listedUnder("Expressions");
  const unexplained: string[] = [];
  const differing = new Set<string>();
  for (const [zone, list] of expressions()) {
    const ours = await engines.Millrace.evaluate(rows, list, zone);
    const failing = [...ours.keys()].filter((i) => "error" in ours[i]!);
    const spark = await engines.Spark.evaluate(rows, { expressions: list, failing }, zone);
    for (const [i, sql] of list.entries()) {
      const [theirs, mine] = [comparable(spark[i]!), comparable(ours[i]!)];
      if (theirs === mine) continue;
      differing.add(sql);
      if (!allowed.has(sql)) unexplained.push(`${sql}\n  Spark    ${theirs}\n  Millrace ${mine}`);
    }
  }
  expect(unexplained.join("\n")).toBe("");
  expect(
    [...allowed].filter((sql) => !differing.has(sql)),
    "listed, but the same",
  ).toEqual([]);
});

const people: Plan = {
  inline: {
    columns: ["id", "name", "team"],
    rows: [
      ["1", "'Ada'", "'x'"],
      ["2", "'Grace'", "'y'"],
      ["3", "CAST(NULL AS STRING)", "'x'"],
      ["4", "'日本語 with a rather long name'", "CAST(NULL AS STRING)"],
    ],
  },
};
const teams: Plan = {
  inline: {
    columns: ["team", "size"],
    rows: [
      ["'x'", "10"],
      ["'z'", "20"],
      ["CAST(NULL AS STRING)", "30"],
    ],
  },
};
const values: Plan = {
  inline: {
    columns: ["g", "v", "d", "n"],
    rows: [
      ["'a'", "1", "0.5D", "1.10"],
      ["'a'", "2", "CAST('NaN' AS DOUBLE)", "2.20"],
      ["'a'", "CAST(NULL AS INT)", "-0.0D", "3.30"],
      ["'b'", "4", "0.0D", "CAST(NULL AS DECIMAL(3,2))"],
      ["CAST(NULL AS STRING)", "5", "2.5D", "5.50"],
    ],
  },
};
const aggregates = [
  ["count(*)", "count(v)", "count(DISTINCT d)", "sum(v)", "sum(d)", "sum(n)", "avg(v)", "avg(n)", "avg(d)"],
  ["min(v)", "max(d)", "min(d)", "max(n)", "min(g)", "stddev(v)", "var_samp(v)", "var_pop(v)", "stddev_pop(v)"],
  ["sort_array(collect_list(v))", "sort_array(collect_set(v))", "approx_count_distinct(v)", "median(v)"],
  ["percentile(v, 0.5)", "percentile_approx(v, 0.5)", "max_by(v, n)", "min_by(v, n)", "count_if(v > 1)"],
  ["bool_and(v > 0)", "bool_or(v > 4)", "sum(v) / count(*)", "sum(v) FILTER (WHERE v > 1)", "sum(v + 1) * 2 AS twice"],
];
const joins: readonly Plan[] = (["inner", "left", "right", "full", "left_semi", "left_anti"] as const).map((how) => ({
  ...people,
  steps: [["join", teams, ["team"], how]],
}));
const plans: Readonly<Record<string, Plan>> = {
  ...Object.fromEntries(joins.map((plan, i) => [`join ${i}`, plan])),
  "join on a condition": {
    ...people,
    steps: [
      ["join", { ...teams, steps: [["select", "team AS t", "size"]] }, "id * 10 <= size", "left"],
      ["sort", "id", "size"],
    ],
  },
  ...Object.fromEntries(
    aggregates.flatMap((list, i): [string, Plan][] => [
      [`aggregates ${i}`, { ...values, steps: [["aggregate", ["g"], list]] }],
      [
        `aggregates over nothing ${i}`,
        {
          ...values,
          steps: [
            ["filter", "v > 100"],
            ["aggregate", [], list],
          ],
        },
      ],
    ]),
  ),
  "groups by an expression": { ...values, steps: [["aggregate", ["v % 2", "upper(g) AS u"], ["count(1) AS n"]]] },
  "groups of zeros": { ...values, steps: [["aggregate", ["d"], ["count(*)"]]] },
  distinct: { ...values, steps: [["select", "v % 2 = 0"], ["distinct"]] },
  union: {
    ...people,
    steps: [
      ["select", "id"],
      ["union", { ...teams, steps: [["select", "size + 0.5 AS s"]] }],
    ],
  },
  explode: { ...people, steps: [["select", "id", "explode(split(name, 'a'))"]] },
  "explode_outer of a map": {
    ...people,
    steps: [
      ["select", "explode_outer(map(coalesce(name, ''), id))"],
      ["filter", "value < 3"],
    ],
  },
  range: { range: 5, steps: [["select", "*", "id * id AS square"]] },
  "a column that does not exist": { ...people, steps: [["select", "idd"]] },
  "an ambiguous column": {
    ...people,
    steps: [
      ["join", teams, "id = size", "inner"],
      ["select", "team"],
    ],
  },
  "a filter that is not boolean": { ...people, steps: [["filter", "id"]] },
  "an aggregate in a filter": { ...people, steps: [["filter", "sum(id) > 1"]] },
  "a union of different widths": { ...people, steps: [["union", teams]] },
};

/** Without an order of their own, rows are compared as sets; trees of columns as they are printed. */
function unordered(answer: (Table & { readonly tree: string }) | Failure): unknown {
  if ("error" in answer) return answer.error;
  return {
    columns: answer.columns,
    tree: answer.tree.trimEnd(),
    rows: answer.rows.map((r) => JSON.stringify(r.map(normalized))).sort(),
  };
}

async function compare(name: string, plan: Plan): Promise<void> {
  const [spark, ours] = [await engines.Spark.run(plan), await engines.Millrace.run(plan)];
  // Spark wraps what is wrong with a record in errors of its file reader; see docs/differences.md.
  if (name.includes("FAILFAST") && "error" in spark && "error" in ours) return;
  if (listedUnder("Plans").has(name)) expect(unordered(ours)).not.toEqual(unordered(spark));
  else expect(unordered(ours)).toEqual(unordered(spark));
}

describe("plans have Spark's rows, schema or error", () => {
  test.each(Object.entries(plans))("%s", compare);
});

describe("malformed input is read as Spark reads it", () => {
  const lines = {
    json: [
      '{"id": 1, "name": "a", "at": "2024-02-29T12:00:00Z", "tags": ["x"]}',
      '{"id": "2", "name": 5, "at": "2024-02-29", "tags": []}',
      '{"id": 3.7, "name": "frac"}',
      '{"id": 99999999999, "name": "big"}',
      '{"id": 4, "name": {"nested": true}, "tags": "no"}',
      "not json",
      "",
      "   ",
      "[]",
      '[{"id": 5}, {"id": 6}]',
      '{"id": 7',
      '{"id": null, "at": "nope"}',
      '{"ID": 8, "name": "case"}',
      '{"id": 9, "id": 10}',
      '{"id": 11, "extra": {"a": [1, {"b": "}"}]}, "name": "\\u00e9\\n\\"q\\""}',
      '{"id": 12} {"id": 13}',
      '"text"',
      "null",
    ],
    csv: [
      "id,name,at,tags",
      "1,a,2024-02-29T12:00:00Z,x",
      "2,b",
      "3,c,2024-02-29 12:00:00,y,extra",
      "x,d,,",
      '4,"quo""ted, with comma",nope,',
      " 5 , spaced ,,",
      "",
      "6,,,",
      '7,"",,',
      '8,"unterminated,,',
      '9,"a,""b"" 0",,',
      '10,"a "b, c", d",e',
      '11,a "b" c,"x"y,z',
    ],
  };
  const schema = {
    json: "id INT, name STRING, at TIMESTAMP, tags ARRAY<STRING>, bad STRING",
    csv: "id INT, name STRING, at TIMESTAMP, tags STRING, bad STRING",
  };
  const cases = (["json", "csv"] as const).flatMap((format) =>
    (["PERMISSIVE", "DROPMALFORMED", "FAILFAST"] as const).flatMap((mode) =>
      lines[format]
        .slice(format === "csv" ? 1 : 0)
        .map((line, i) => [`${format} ${mode} ${i}`, format, mode, line] as const),
    ),
  );
  test.each(cases)("%s", async (name, format, mode, line) => {
    const path = `${directory}/${name.replaceAll(" ", "-")}.${format}`;
    writeFileSync(path, `${format === "csv" ? `${lines.csv[0]}\n` : ""}${line}\n`);
    const options = { mode, columnNameOfCorruptRecord: "bad", ...(format === "csv" ? { header: "true" } : {}) };
    await compare(name, { read: { format, path, schema: schema[format], options }, steps: [["select", "*"]] });
  });
  test.each([
    [
      "json types inferred",
      "json",
      '{"a": 1, "b": "x", "c": [1, 2.5], "d": {"e": null}, "t": "2024-02-29T12:00:00Z"}\n{"a": 3000000000, "b": true}\n',
    ],
    ["csv types inferred", "csv", "a,b,c,t,e\n1,x,2.5,2024-02-29 12:00:00,\n3000000000,y,3,2024-02-29,true\n"],
  ])("%s", async (name, format, text) => {
    const path = `${directory}/${name.replaceAll(" ", "-")}`;
    writeFileSync(path, text);
    await compare(name, { read: { format, path, options: { header: "true", inferSchema: "true" } } });
  });
});

describe("show prints Spark's table", () => {
  const wide: Plan = {
    ...rows,
    steps: [
      [
        "select",
        "*",
        "X'00ff41' AS bin",
        "interval '1 02:03:04.5' day to second AS iv",
        "timestamp_ntz'2024-02-29 12:00:00' AS ntz",
        "1e10D AS big",
        "array(struct(1, NULL), NULL) AS nested",
      ],
    ],
  };
  const shows: readonly (readonly [string, Plan, Show])[] = [
    ["all types", wide, { rows: 20, truncate: 20, vertical: false }],
    ["all types in full", wide, { rows: 20, truncate: 0, vertical: false }],
    ["all types vertically", wide, { rows: 20, truncate: 0, vertical: true }],
    ["wide characters", { ...people, steps: [["sort", "id"]] }, { rows: 20, truncate: 20, vertical: false }],
    ["cut to three characters", { ...people, steps: [["sort", "id"]] }, { rows: 20, truncate: 3, vertical: false }],
    ["two rows of four", { ...people, steps: [["sort", "id"]] }, { rows: 2, truncate: 20, vertical: false }],
    ["one row of two, vertically", { ...people, steps: [["sort", "id"]] }, { rows: 1, truncate: 20, vertical: true }],
    ["no rows", { ...people, steps: [["filter", "id > 9"]] }, { rows: 20, truncate: 20, vertical: false }],
  ];
  test.each(shows)("%s", async (_, plan, show) => {
    const spark = await engines.Spark.show(plan, show);
    expect((await engines.Millrace.show(plan, show)).trimEnd()).toBe(spark.trimEnd());
  });
});
