/** The table of docs/streaming.md on changed queries: each row happens between two runs, and is kept or refused as it says. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { avg, count, type DataFrame, expr, isMillraceError, max, type Schema, sum } from "millrace";
import { compareWithCheckpoint, lookInsteadOfStarting, MemoryStream, parseDdl } from "millrace/engine";
import { simulatedSession } from "./simulated-session.ts";

type Events = DataFrame<{ k: "string"; n: "int" }>;
type Frame = DataFrame<Schema>;
const frame = (df: unknown): Frame => df as Frame;

interface Run {
  readonly build: (events: Events) => unknown;
  readonly mode?: "append" | "update" | "complete";
  readonly conf?: Readonly<Record<string, string>>;
  readonly option?: readonly [string, string];
  readonly trigger?: { readonly availableNow: true };
}
interface Change {
  /** Beginning of a line of the table. */
  readonly row: string;
  readonly before: Run;
  readonly after: Run;
  /** Error class, or the rows that the second run gives. */
  readonly outcome: string | readonly string[];
}

const grouped = (events: Events, aggregates: () => Record<string, unknown>): unknown =>
  events.groupBy("k").agg(aggregates as never);
const counted: Run = { mode: "update", build: (e) => grouped(e, () => ({ rows: count() })) };
const summed = (type: string): Run => ({
  mode: "update",
  build: (e) =>
    e
      .selectExpr("k", `CAST(n AS ${type}) AS n`)
      .groupBy("k")
      .agg(() => ({ total: sum("n") })),
});
const greatest = (type: string): Run => ({
  mode: "update",
  build: (e) =>
    e
      .selectExpr("k", `CAST(n AS ${type}) AS n`)
      .groupBy("k")
      .agg(() => ({ most: max("n") })),
});
const keyed = (key: string): Run => ({
  mode: "update",
  build: (e) => e.selectExpr(`${key} AS key`).groupBy("key").count(),
});
const distinct: Run = { build: (e) => e.dropDuplicates("k") };
const perKey = (schema: Readonly<Record<string, string>>, how: "value" | "list" = "value"): Run => ({
  build: (e) =>
    e
      .groupByKey((row) => row.k ?? "", "string")
      .transformWithState(
        (handle) => {
          const state =
            how === "value"
              ? handle.getValueState("seen", schema as never)
              : handle.getListState("seen", schema as never);
          return {
            *handleInputRows(key) {
              const before = state.exists();
              const entry = Object.fromEntries(Object.keys(schema).map((name) => [name, name === "extra" ? null : 1]));
              if ("update" in state) state.update(entry as never);
              else state.put([entry as never]);
              yield { key, before };
            },
          };
        },
        { output: { key: "string", before: "boolean" }, timeMode: "None" },
      ),
});

/** Counts the rows of a key in one variable, and in two where there is a second. */
const counting = (second: boolean): Run => ({
  build: (e) =>
    e
      .groupByKey((row) => row.k ?? "", "string")
      .transformWithState(
        (handle) => {
          const counts = (second ? ["first", "second"] : ["first"]).map((name) => handle.getValueState(name, "int!"));
          return {
            *handleInputRows(key, rows) {
              const more = [...rows].length;
              for (const state of counts) state.update((state.exists() ? (state.get() ?? 0) : 0) + more);
              yield { key, counts: counts.map((state) => state.get()).join("+") };
            },
          };
        },
        { output: { key: "string", counts: "string" }, timeMode: "None" },
      ),
});

const valueRefused = "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE";
const keyRefused = "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE";
const operatorRefused = "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA";
/** The first run sees (a, 1), (b, 2); the second one (a, 3). */
const changes: readonly Change[] = [
  {
    row: "an operator without a name is added",
    before: distinct,
    after: { build: (e) => e.dropDuplicates("k").limit(9) },
    outcome: operatorRefused,
  },
  {
    row: "an operator without a name is added",
    before: { build: (e) => e.dropDuplicates("k").limit(9) },
    after: distinct,
    outcome: operatorRefused,
  },
  {
    row: "an operator without a name is added",
    before: distinct,
    after: counted,
    outcome: "CHECKPOINT_OUTPUT_MODE_CHANGED",
  },
  {
    row: "an operator without a name is added",
    before: { ...distinct, mode: "update" },
    after: counted,
    outcome: operatorRefused,
  },
  {
    row: "a grouping column or a key is added",
    before: counted,
    after: { mode: "update", build: (e) => e.groupBy("k", "n").count() },
    outcome: keyRefused,
  },
  {
    row: "a grouping column or a key is added",
    before: distinct,
    after: { build: (e) => e.dropDuplicates("k", "n") },
    outcome: keyRefused,
  },
  {
    row: "a grouping column or a key is added",
    before: keyed("n"),
    after: keyed("CAST(n AS BIGINT)"),
    outcome: keyRefused,
  },
  {
    row: "an aggregate is added",
    before: counted,
    after: { mode: "update", build: (e) => grouped(e, () => ({ rows: count(), most: max("n") })) },
    outcome: valueRefused,
  },
  {
    row: "an aggregate is added",
    before: { mode: "update", build: (e) => grouped(e, () => ({ rows: count(), most: max("n") })) },
    after: counted,
    outcome: valueRefused,
  },
  {
    row: "an aggregate is added",
    before: { mode: "update", build: (e) => grouped(e, () => ({ m: max("n") })) },
    after: { mode: "update", build: (e) => grouped(e, () => ({ m: avg("n") })) },
    outcome: valueRefused,
  },
  {
    row: "what is aggregated becomes wider, and the sum",
    before: summed("INT"),
    after: summed("BIGINT"),
    outcome: ["a 4"],
  },
  {
    row: "what is aggregated becomes wider, and the state",
    before: greatest("INT"),
    after: greatest("BIGINT"),
    outcome: valueRefused,
  },
  {
    row: "columns are named otherwise",
    before: counted,
    after: {
      mode: "update",
      build: (e) =>
        e
          .toDF("who", "what")
          .groupBy("who")
          .agg(() => ({ times: count() })),
    },
    outcome: ["a 2"],
  },
  {
    row: "`transformWithState`: variables are added",
    before: counting(false),
    after: counting(true),
    outcome: ["a 2+1"],
  },
  {
    row: "`transformWithState`: variables are added",
    before: counting(true),
    after: counting(false),
    outcome: ["a 2"],
  },
  {
    row: "fields that can be NULL at the end",
    before: perKey({ a: "int!" }),
    after: perKey({ a: "int!", extra: "string" }),
    outcome: ["a true"],
  },
  {
    row: "other changes of a variable's schema",
    before: perKey({ a: "int!", extra: "string" }),
    after: perKey({ a: "int!" }),
    outcome: "STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION",
  },
  {
    row: "other changes of a variable's schema",
    before: perKey({ a: "int!" }),
    after: perKey({ a: "bigint!" }),
    outcome: "STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION",
  },
  {
    row: "other changes of a variable's schema",
    before: perKey({ a: "int!", b: "int!" }),
    after: perKey({ b: "int!", a: "int!" }),
    outcome: "STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION",
  },
  {
    row: "the kind of a variable",
    before: perKey({ a: "int!" }),
    after: perKey({ a: "int!" }, "list"),
    outcome: "STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE",
  },
  {
    row: "filters, projections and functions",
    before: counted,
    after: {
      mode: "update",
      build: (e) => frame(grouped(e.filter("n > 2"), () => ({ rows: count() }))).withColumn("up", expr("upper(k)")),
    },
    outcome: ["a 2 A"],
  },
  {
    row: "trigger, limits and other options",
    before: { ...distinct, conf: { "spark.master": "local" } },
    after: { ...distinct, option: ["numRows", "1"], trigger: { availableNow: true } },
    outcome: [],
  },
  {
    row: "output mode",
    before: { ...counted, mode: "update" },
    after: { ...counted, mode: "complete" },
    outcome: "CHECKPOINT_OUTPUT_MODE_CHANGED",
  },
  {
    row: "output mode",
    before: { ...counted, mode: "update" },
    after: { ...counted, mode: "complete", conf: { "millrace.streaming.allowOutputModeChange": "true" } },
    outcome: ["a 2", "b 1"],
  },
  {
    row: "`spark.sql.shuffle.partitions`",
    before: counted,
    after: { ...counted, conf: { "spark.sql.shuffle.partitions": "7" } },
    outcome: ["a 2"],
  },
  {
    row: "`multipleWatermarkPolicy`",
    before: counted,
    after: { ...counted, conf: { "spark.sql.streaming.multipleWatermarkPolicy": "max" } },
    outcome: ["a 2"],
  },
];

const documented = readFileSync(new URL("../../docs/streaming.md", import.meta.url), "utf8");

test.each(changes.map((change, i) => [`${change.row} (${i})`, change] as const))("%s", async (_, change) => {
  expect(documented).toContain(`\n| ${change.row}`);
  await using session = await simulatedSession();
  const { spark, runtime } = session;
  const stream = new MemoryStream(parseDdl("k STRING, n INT"));
  const play = async (run: Run): Promise<string[]> => {
    for (const [key, value] of Object.entries(run.conf ?? {})) if (key !== "spark.master") spark.conf.set(key, value);
    const rows: string[] = [];
    const writer = frame(run.build(spark.readStream.from(stream, { k: "string", n: "int" })))
      .writeStream.outputMode(run.mode ?? "append")
      .option("checkpointLocation", "/checkpoint")
      .foreachBatch(async (batch) => {
        for (const row of await batch.collect()) rows.push(Object.values(row).map(String).join(" "));
      });
    if (run.option !== undefined) writer.option(...run.option);
    const query = await (run.trigger === undefined ? writer : writer.trigger(run.trigger)).start();
    if (query.id === "") return [];
    await query.processAllAvailable();
    await query.stop();
    return rows.sort();
  };
  stream.add([
    { k: "a", n: 1 },
    { k: "b", n: 2 },
  ]);
  await play(change.before);
  stream.add([{ k: "a", n: 3 }]);
  const files = (): string[] =>
    [...runtime.fs.files()]
      .filter(([path]) => !path.includes("/lease/"))
      .map(([path, bytes]) => `${path} ${bytes.length}`);
  const before = files();
  const told: string[] = [];
  lookInsteadOfStarting(async (input) => {
    for (const { verdict, detail } of await compareWithCheckpoint(input, "/checkpoint")) {
      if (verdict === "refused") told.push(/^\[([\w.]+)\]/.exec(detail)?.[1] ?? detail);
    }
  });
  await play(change.after).finally(() => lookInsteadOfStarting(undefined));
  expect(files()).toEqual(before);
  const outcome = await play(change.after).catch((error: unknown) => {
    if (!isMillraceError(error)) throw error;
    return error.errorClass;
  });
  expect(outcome).toEqual(change.outcome);
  // What is told beforehand is what happens.
  if (typeof outcome === "string") {
    expect(told).toContain(outcome);
    expect(files()).toEqual(before);
  } else expect(told).toEqual([]);
});
