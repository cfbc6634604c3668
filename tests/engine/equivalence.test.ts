/**
 * What a plan means does not depend on how it runs: the optimized plan gives the rows of the analyzed one, and a stream cut
 * into any batches gives the rows of the batch query.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { count, type DataFrame, type Engine, max, min, SparkSession, sum, window } from "millrace";
import { EmbeddedEngine, createSimulatedRuntime, MemoryStream, parseDdl } from "millrace/engine";
import { eliminateAliases } from "../../packages/core/src/optimizer/eliminate-aliases.ts";
import { type Frame, schema, step, tableOf } from "./random-plans.ts";
import { simulatedSession } from "./simulated-session.ts";

/** An engine whose optimizer only takes the relation names out, which plans to run never have. */
class PlainEngine extends EmbeddedEngine {
  override optimize(analyzed: Parameters<EmbeddedEngine["optimize"]>[0]): ReturnType<EmbeddedEngine["optimize"]> {
    return eliminateAliases.apply(analyzed, { evaluation: this.evaluation() });
  }
}

const sessionOf = (make: (request: ConstructorParameters<typeof EmbeddedEngine>[0]) => Engine): Promise<SparkSession> =>
  SparkSession.builder
    .config("spark.sql.shuffle.partitions", "2")
    .engine(async (request) => make(request))
    .create();

const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(Object.values(row))).sort();

test("the optimized plan gives the rows of the analyzed plan", async () => {
  const runtime = createSimulatedRuntime(1);
  const plain = await sessionOf((request) => new PlainEngine(request, runtime));
  const whole = await sessionOf((request) => new EmbeddedEngine(request, runtime));
  await fc.assert(
    fc.asyncProperty(tableOf, tableOf, fc.array(step, { minLength: 1, maxLength: 5 }), async (one, two, steps) => {
      const [expected, actual] = await Promise.all(
        [plain, whole].map(async (spark) => {
          const tables = [spark.createDataFrame(one, schema), spark.createDataFrame(two, schema)] as const;
          const frame = steps.reduce<Frame>((before, apply) => apply(before, tables), tables[0]);
          return sorted(await frame.collect());
        }),
      );
      expect(actual).toEqual(expected);
    }),
    { numRuns: 400 },
  );
}, 30_000);

// ---- streaming equals batch -------------------------------------------------------------------------------------------

const events = { at: "timestamp", key: "string", amount: "bigint" } as const;
type Event = { readonly at: Date | null; readonly key: string | null; readonly amount: number | null };
const ddl = parseDdl("at TIMESTAMP, key STRING, amount BIGINT");
const event: fc.Arbitrary<Event> = fc.record({
  at: fc.option(
    fc.integer({ min: 0, max: 3600 }).map((s) => new Date(s * 1000)),
    { freq: 9 },
  ),
  key: fc.option(fc.constantFrom("a", "b", "c")),
  amount: fc.option(fc.integer({ min: -5, max: 5 })),
});
const batches = fc.array(fc.array(event, { maxLength: 6 }), { maxLength: 5 });

type Events = DataFrame<typeof events>;
const plain = (frame: { readonly plan: unknown }): DataFrame => frame as unknown as DataFrame;
const aggregations: readonly ((frame: Events) => DataFrame)[] = [
  (frame) => plain(frame.groupBy("key").agg(() => ({ n: count("*"), total: sum("amount"), low: min("amount") }))),
  (frame) =>
    plain(
      frame
        .groupBy(window("at", "10 minutes"))
        .agg(() => ({ n: count("amount"), high: max("amount") }))
        .selectExpr("unix_timestamp(window.start) AS start", "n", "high"),
    ),
  (frame) =>
    plain(
      frame
        .groupBy(window("at", "10 minutes", "5 minutes"), "key")
        .agg(() => ({ total: sum("amount") }))
        .selectExpr("unix_timestamp(window.start) AS start", "key", "total"),
    ),
];
const keysOf = [["key"], ["start"], ["start", "key"]] as const;

test("update folded by key and complete are the batch result, however the rows are cut", async () => {
  await using session = await simulatedSession();
  const { spark } = session;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(aggregations.length - 1), fc.boolean(), async (cut, which, complete) => {
      const stream = new MemoryStream(ddl);
      const aggregate = aggregations[which]!;
      const folded = new Map<string, object>();
      const query = await aggregate(spark.readStream.from(stream, events))
        .writeStream.outputMode(complete ? "complete" : "update")
        .option("checkpointLocation", `/checkpoints/${runs++}`)
        .foreachBatch(async (batch) => {
          if (complete) folded.clear();
          for (const row of await batch.collect()) {
            folded.set(JSON.stringify(keysOf[which]!.map((k) => (row as Record<string, unknown>)[k])), row);
          }
        })
        .start();
      for (const rows of cut) {
        stream.add(rows);
        await query.processAllAvailable();
      }
      await query.stop();
      const expected = await aggregate(spark.createDataFrame(cut.flat(), events)).collect();
      expect(sorted([...folded.values()])).toEqual(sorted(expected));
    }),
    { numRuns: 60 },
  );
}, 30_000);

test("append after a watermark beyond everything is the batch result", async () => {
  await using session = await simulatedSession();
  const { spark } = session;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(batches, fc.constantFrom(1, 2), async (cut, which) => {
      const stream = new MemoryStream(ddl);
      const aggregate = aggregations[which]!;
      const run = runs++;
      const query = await aggregate(spark.readStream.from(stream, events).withWatermark("at", "2 hours"))
        .writeStream.outputMode("append")
        .queryName(`appended_${run}`)
        .format("memory")
        .option("checkpointLocation", `/append/${run}`)
        .start();
      for (const rows of [...cut, [{ at: new Date(1e9), key: "end", amount: 0 }]]) {
        stream.add(rows);
        await query.processAllAvailable();
      }
      await query.stop();
      const expected = await aggregate(spark.createDataFrame(cut.flat(), events)).collect();
      expect(sorted(await spark.table(`appended_${run}`).collect())).toEqual(sorted(expected));
    }),
    { numRuns: 40 },
  );
}, 30_000);
