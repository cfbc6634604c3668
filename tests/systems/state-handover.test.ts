/**
 * Streams with state that go from one engine to the other with their state: each step of a relay must give the rows that
 * Spark alone gives for the same files.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { repartitionCheckpoint } from "../../packages/core/src/checkpoint/index.ts";
import { createNodeRuntime } from "../../packages/core/src/runtime/node/index.ts";
import { type Canonical, normalized } from "./spark/canonical.ts";
import { useEngines } from "./spark/engines.ts";
import type { Step } from "./spark/plans.ts";
import type { StateCounters, StreamJob, StreamRun } from "./spark/spark-engine.ts";
import { Workplace } from "./spark/workplace.ts";

const engines = await useEngines();

const runtime = createNodeRuntime();
type Name = "Millrace" | "Spark";
const orders: readonly (readonly Name[])[] = [
  ["Millrace", "Spark", "Millrace"],
  ["Spark", "Millrace", "Spark"],
];
const events = "k STRING, v INT, b BIGINT, d DOUBLE, f FLOAT, n DECIMAL(10,2), at TIMESTAMP, day DATE, flag BOOLEAN";

interface Shape {
  readonly outputMode: "append" | "update" | "complete";
  readonly steps: readonly Step[];
}
interface Aggregation {
  readonly outputMode: Shape["outputMode"];
  readonly watermark?: string;
  readonly by: readonly string[];
  readonly aggregates: readonly string[];
}
function shapeOf({ outputMode, watermark, by, aggregates }: Aggregation): Shape {
  const late: readonly Step[] = watermark === undefined ? [] : [["watermark", "at", watermark]];
  return { outputMode, steps: [...late, ["aggregate", by, aggregates]] };
}

/** Events of a step: keys that come back and new ones, NULLs, times that move on and some that are late. */
function eventsOf(step: number): string {
  const lines = Array.from({ length: 12 }, (_, i) => {
    const n = step * 12 + i;
    const seconds = step * 7 + (i % 5) - (i === 11 ? 30 : 0);
    return {
      k: i === 7 ? null : i === 8 ? `new ${step}` : ["ä", "b", "a longer key"][n % 3],
      v: i === 5 ? null : n - 20,
      b: 2 ** 40 + n,
      d: n / 8,
      f: n / 2,
      n: n * 1.25,
      at: new Date(1_709_208_000_000 + seconds * 1000).toISOString(),
      day: `2024-02-${String(10 + (n % 15)).padStart(2, "0")}`,
      flag: n % 2 === 0,
    };
  });
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

function jobOf(place: Workplace, { outputMode, steps }: Shape): StreamJob {
  return {
    plan: {
      read: { format: "json", schema: events, path: place.input, options: { maxFilesPerTrigger: "1" } },
      steps,
    },
    checkpoint: place.checkpoint,
    outputMode,
  };
}

type Batch = readonly [batchId: number, rows: readonly string[], state: readonly StateCounters[]];
/** Rows of each batch and what its operators counted; of a batch that failed there is no progress. */
function batchesOf(run: StreamRun): readonly Batch[] {
  const counted = new Map(run.progress.map(({ batchId, stateOperators }) => [batchId, stateOperators]));
  return run.batches.map(({ batchId, rows }) => [
    batchId,
    rows.map((row) => JSON.stringify(rounded(row))).sort(),
    (counted.get(batchId) ?? []).map(withoutInstances),
  ]);
}
/** Spark does not count the stores of sessions in complete mode. */
function withoutInstances(counters: StateCounters): StateCounters {
  return counters.operatorName === "sessionWindowStateStoreSaveExec"
    ? { ...counters, numStateStoreInstances: 0 }
    : counters;
}
/** Sums of doubles depend on the order of their rows in the last digits. */
function rounded(value: Canonical): Canonical {
  const same = normalized(value);
  if (same === null || typeof same !== "object") return same;
  return "double" in same ? { double: Number(same.double).toPrecision(12) } : same.map(rounded);
}

/** What an engine alone makes of the steps, one start per step. */
async function relay(names: readonly Name[], filesPerStep: number, shape: Shape): Promise<readonly Batch[]> {
  using place = new Workplace();
  const all: Batch[] = [];
  let id: string | undefined;
  let file = 0;
  for (const name of names) {
    for (let i = 0; i < filesPerStep; i++, file++) place.put(`${file}.json`, eventsOf(file));
    const run = await engines[name].stream(jobOf(place, shape));
    expect(run.error).toBeUndefined();
    id ??= run.id;
    expect(run.id).toBe(id);
    expect(await place.findings()).toEqual([]);
    all.push(...batchesOf(run));
  }
  return all;
}

const sums = ["count(*)", "count(v)", "sum(v)", "sum(b)", "sum(n)", "avg(v)", "avg(n)", "avg(d)"];
const extremes = ["min(v)", "max(v)", "min(k)", "max(k)", "min(at)", "max(day)", "max(flag)", "min(n)", "max(f)"];

const aggregations: Readonly<Record<string, Aggregation>> = {
  "sums by a string": { outputMode: "update", by: ["k"], aggregates: sums },
  "extremes by a string and a number": { outputMode: "update", by: ["k", "v % 3 AS m"], aggregates: extremes },
  "a complete result": { outputMode: "complete", by: ["flag"], aggregates: [...sums, "max(v)"] },
  "one group for all": { outputMode: "update", by: [], aggregates: [...sums, "min(v)"] },
  "windows with a watermark, updated": {
    outputMode: "update",
    watermark: "10 seconds",
    by: ["window(at, '10 seconds')", "k"],
    aggregates: ["count(*)", "sum(v)", "max(n)"],
  },
  "windows with a watermark, appended when final": {
    outputMode: "append",
    watermark: "5 seconds",
    by: ["window(at, '10 seconds', '5 seconds')", "k"],
    aggregates: ["count(*)", "avg(d)"],
  },
  "sessions by a string, appended when they have ended": {
    outputMode: "append",
    watermark: "10 seconds",
    by: ["k", "session_window(at, '2 seconds')"],
    aggregates: ["count(*)", "sum(v)", "avg(d)", "max(n)", "min(at)", "max(k)"],
  },
  "sessions by several types with changing gaps": {
    outputMode: "append",
    watermark: "5 seconds",
    by: [
      "session_window(at, CASE WHEN k = 'b' THEN '2 seconds' WHEN k = 'ä' THEN '0 seconds' ELSE '6 seconds' END)",
      "flag",
      "n % 2 AS n",
      "day > DATE'2024-02-17' AS late",
    ],
    aggregates: ["count(*)", "sum(n)", "approx_count_distinct(v)"],
  },
  "a complete result of sessions": {
    outputMode: "complete",
    watermark: "10 seconds",
    by: ["flag", "session_window(at, '1 second')", "k"],
    aggregates: ["count(*)", "sum(v)", "max(day)"],
  },
  "moments and choices": {
    outputMode: "update",
    by: ["flag"],
    aggregates: [
      "sum(cast(n AS DECIMAL(7,2)))",
      "avg(cast(n AS DECIMAL(20,4)))",
      "stddev(v)",
      "var_pop(d)",
      "first(v)",
      "last(v)",
      "count_if(v > 0)",
      "bool_or(v > 10)",
      "max_by(k, v)",
    ],
  },
  "digests and sketches": {
    outputMode: "update",
    by: ["k"],
    aggregates: ["percentile_approx(d, array(0.5D, 0.9D), 100)", "approx_count_distinct(v)"],
  },
};

const marked: Step = ["watermark", "at", "10 seconds"];
const perWindow: Step = ["aggregate", ["window(at, '10 seconds')", "k"], ["count(*) AS c", "sum(v) AS s"]];
const operators: Readonly<Record<string, Shape>> = {
  "duplicates by a string": { outputMode: "append", steps: [["dropDuplicates", ["k"]]] },
  "duplicates by several types, updated": {
    outputMode: "update",
    steps: [
      ["select", "k", "n % 2 AS n", "v % 3 AS v", "flag", "day"],
      ["dropDuplicates", ["v", "k", "n", "flag"]],
    ],
  },
  "duplicates by a time that the watermark reaches": {
    outputMode: "append",
    steps: [marked, ["dropDuplicates", ["flag", "at"]]],
  },
  "duplicates beside a watermark": { outputMode: "append", steps: [marked, ["dropDuplicates", ["k"]]] },
  "duplicates within a watermark": { outputMode: "append", steps: [marked, ["dropDuplicatesWithinWatermark", ["k"]]] },
  "distinct rows, counted": {
    outputMode: "complete",
    steps: [["select", "k", "v % 5 AS v"], ["distinct"], ["aggregate", ["k"], ["count(*)", "sum(v)"]]],
  },
  "a limit": {
    outputMode: "append",
    steps: [
      ["select", "v"],
      ["limit", 30],
    ],
  },
  "windows of distinct events": {
    outputMode: "append",
    steps: [marked, ["dropDuplicates", ["at", "flag"]], perWindow],
  },
  "windows of windows": {
    outputMode: "append",
    steps: [marked, perWindow, ["aggregate", ["window(window, '30 seconds')"], ["sum(c)", "max(s)", "count(*)"]]],
  },
  "windows of sessions": {
    outputMode: "append",
    steps: [
      marked,
      ["aggregate", ["session_window(at, '2 seconds')", "k"], ["count(*) AS c", "sum(v) AS s"]],
      ["aggregate", ["window(session_window, '30 seconds')"], ["sum(c)", "max(s)", "count(*)"]],
    ],
  },
  "distinct windows, the first of them": {
    outputMode: "append",
    steps: [marked, perWindow, ["select", "window"], ["distinct"], ["select", "1 AS one"], ["limit", 2]],
  },
};
const near = "l.at BETWEEN r.at - INTERVAL 2 SECONDS AND r.at + INTERVAL 3 SECONDS";
/** Events with their neighbours of the same key; `only` leaves out what is no part of the comparison. */
function neighbours(on: string, how: "inner" | "left" | "right" | "full" | "left_semi", only = "true"): Shape {
  const select: Step = ["select", "k", "v", "at", "n", "flag", "upper(k) AS u"];
  const right: readonly Step[] = [
    ["filter", `v % 2 = 0 AND ${only}`],
    ["watermark", "at", "8 seconds"],
    select,
    ["alias", "r"],
  ];
  const rights = how === "left_semi" ? [] : ["r.v AS w", "r.at AS then", "r.k AS r", "r.u AS ru"];
  return {
    outputMode: "append",
    steps: [
      ["filter", only],
      marked,
      select,
      ["alias", "l"],
      ["joinSelf", right, on, how],
      ["select", "l.k AS k", "l.v AS v", "l.at AS at", "l.n AS n", ...rights],
    ],
  };
}
const joins: Readonly<Record<string, Shape>> = {
  "neighbours, inner join": neighbours(`l.k = r.k AND ${near} AND l.v < r.v + 20`, "inner"),
  "neighbours, left join": neighbours(`l.k = r.k AND ${near}`, "left"),
  "neighbours, right join by two keys": neighbours(`l.flag = r.flag AND l.k = r.k AND ${near}`, "right"),
  // Spark lets NULL keys match each other in a full join.
  "neighbours, full join": neighbours(`l.k = r.k AND ${near}`, "full", "k IS NOT NULL"),
  "neighbours, semi join": neighbours(`l.k = r.k AND ${near}`, "left_semi"),
  "neighbours by NULL, a number and a computed key": neighbours(
    `l.k <=> r.k AND cast(l.v % 3 AS bigint) = cast(r.v % 3 AS bigint) AND ${near}`,
    "full",
    "v IS NOT NULL",
  ),
  "neighbours, updated": { ...neighbours(`l.k = r.k AND ${near}`, "inner"), outputMode: "update" },
  "equal times, full join": {
    outputMode: "append",
    steps: [
      marked,
      ["select", "at", "flag", "v"],
      [
        "joinSelf",
        [
          ["watermark", "at", "8 seconds"],
          ["select", "at", "flag", "v AS w"],
        ],
        ["at", "flag"],
        "full",
      ],
    ],
  },
  "windows of two counts, left join": {
    outputMode: "append",
    steps: [
      marked,
      ["aggregate", ["window(at, '10 seconds')", "k"], ["count(*) AS c"]],
      [
        "joinSelf",
        [["filter", "flag"], marked, ["aggregate", ["window(at, '10 seconds')", "k"], ["sum(v) AS s"]]],
        ["window", "k"],
        "left",
      ],
    ],
  },
  "windows of neighbours": {
    outputMode: "append",
    steps: [
      ...neighbours(`l.k = r.k AND ${near}`, "left").steps,
      ["select", "at", "w AS v"],
      ["aggregate", ["window(at, '10 seconds')"], ["count(*)", "count(v)", "sum(v)"]],
    ],
  },
  "two joins": {
    outputMode: "append",
    steps: [
      ...neighbours(`l.k = r.k AND ${near}`, "inner").steps,
      ["select", "k", "at", "w AS v"],
      ["alias", "l"],
      ["joinSelf", [marked, ["select", "k", "at", "b"], ["alias", "r"]], `l.k = r.k AND ${near}`, "left"],
      ["select", "l.k AS k", "l.at AS at", "v", "r.at AS then", "r.b AS b"],
    ],
  },
};
const shapes: readonly (readonly [string, Shape])[] = [
  ...Object.entries(aggregations).map(([name, aggregation]) => [name, shapeOf(aggregation)] as const),
  ...Object.entries(operators),
  ...Object.entries(joins),
];

// Beside each other: a query mostly waits for files.
describe.concurrent.each(shapes)("%s", (_, shape) => {
  let expected: readonly Batch[];
  beforeAll(async () => {
    expected = await relay(["Spark", "Spark", "Spark"], 2, shape);
  });
  test.each(orders.map((order) => [order.join(" → "), order] as const))("%s", async (_order, order) => {
    expect(await relay(order, 2, shape)).toEqual(expected);
  });
});

const dealtOut: readonly string[] = [
  "sessions by a string, appended when they have ended",
  "duplicates within a watermark",
];
test.concurrent.each(shapes.filter(([name]) => dealtOut.includes(name)))(
  "%s goes on in the other engine when its state was dealt out to more partitions, and to fewer",
  async (_, shape) => {
    const alone = await relay(["Spark", "Spark", "Spark"], 2, shape);
    using place = new Workplace();
    const rows: string[] = [];
    for (const [turn, name] of (["Millrace", "Spark", "Millrace"] as const).entries()) {
      if (turn > 0) await repartitionCheckpoint(runtime, place.checkpoint, [7, 1][turn - 1]!);
      for (const file of [2 * turn, 2 * turn + 1]) place.put(`${file}.json`, eventsOf(file));
      const run = await engines[name].stream(jobOf(place, shape));
      expect(run.error).toBeUndefined();
      rows.push(...batchesOf(run).flatMap(([, each]) => each));
      expect(await place.findings()).toEqual([]);
    }
    expect(rows.sort()).toEqual(alone.flatMap(([, each]) => each).sort());
  },
);

describe.concurrent.each(orders.map((order) => [order.join(" → "), order] as const))("%s", (_, order) => {
  const aggregation = shapeOf(aggregations["sums by a string"]!);

  test("state goes on from a snapshot", async () => {
    using place = new Workplace();
    let file = 0;
    const batches: Batch[] = [];
    for (const name of order) {
      for (let i = 0; i < 12; i++, file++) place.put(`${file}.json`, eventsOf(file % 4));
      const run = await (name === "Spark"
        ? engines.Spark.stream(jobOf(place, aggregation), 1.5)
        : engines.Millrace.stream(jobOf(place, aggregation)));
      expect(run.error).toBeUndefined();
      batches.push(...batchesOf(run));
      expect(await place.findings()).toEqual([]);
      expect(place.files("checkpoint/state/0/0").filter((each) => each.endsWith(".snapshot"))).not.toEqual([]);
    }
    expect(batches.map(([batchId]) => batchId)).toEqual(Array.from({ length: 36 }, (_each, i) => i));
    const counts = new Map(
      batches
        .flatMap(([, rows]) => rows.map((row) => JSON.parse(row) as string[]))
        .map((row) => [row[0], Number(row[1])]),
    );
    expect([...counts.values()].reduce((a, b) => a + b)).toBe(36 * 12);
  });

  test("a batch that failed in one engine is repeated by the next over the state before it", async () => {
    using place = new Workplace();
    const seen: Batch[] = [];
    for (const [turn, name] of order.entries()) {
      place.put(`${turn}.json`, eventsOf(turn));
      const run = await engines[name].stream({ ...jobOf(place, aggregation), failAt: turn });
      expect(run.error).toContain("told to fail");
      seen.push(...batchesOf(run));
    }
    const alone = await relay(["Spark", "Spark", "Spark"], 1, aggregation);
    const rows = (batches: readonly Batch[]): unknown[] => batches.map(([batchId, each]) => [batchId, each]);
    const [zero, one, two] = rows(alone);
    // A batch that failed has no progress.
    expect(rows(seen)).toEqual([zero, zero, one, one, two]);
  });
});

test("lists are not handed over: each engine refuses the state of the other", async () => {
  const lists = shapeOf({ outputMode: "update", by: ["k"], aggregates: ["collect_list(v)"] });
  using ours = new Workplace();
  using theirs = new Workplace();
  ours.put("0.json", eventsOf(0));
  theirs.put("0.json", eventsOf(0));
  await engines.Millrace.stream(jobOf(ours, lists));
  await engines.Spark.stream(jobOf(theirs, lists));
  ours.put("1.json", eventsOf(1));
  theirs.put("1.json", eventsOf(1));
  expect((await engines.Spark.stream(jobOf(ours, lists))).error).toContain("STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE");
  await expect(engines.Millrace.stream(jobOf(theirs, lists))).rejects.toThrow(
    "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
  );
});
