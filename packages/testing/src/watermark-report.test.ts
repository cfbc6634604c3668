/** What progress tells of the watermark: which stream holds it back, what operators wait for, what was late. */
import { type StreamingQueryProgress, type WatermarkProgress, window } from "millrace";
import { expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

const schema = { user: "string", at: "timestamp" } as const;
const click = (user: string, at: string) => ({ user, at });

async function world() {
  const spark = await testSession();
  const told: WatermarkProgress[] = [];
  spark.streams.addListener({
    onQueryProgress: ({ progress }: { readonly progress: StreamingQueryProgress }) => {
      if (progress.watermark !== undefined) told.push(progress.watermark);
    },
  });
  const first = memoryStream(spark, schema);
  const second = memoryStream(spark, schema);
  return { spark, told, first, second };
}
const time = (text: string | null | undefined): string | null => text?.slice(11, 19) ?? null;

test("tells when the next window closes, which rows it waits for, and how many came too late", async () => {
  const { first, told } = await world();
  await testStream(first.df.withWatermark("at", "10 seconds").groupBy(window("at", "1 minute")).count().select("count"))
    .add(first, click("a", "00:00:30"), click("b", "00:02:00"))
    .expectNew([[1]])
    .add(first, click("c", "00:00:10"), click("d", "00:03:00"))
    .expectNew([])
    .stop()
    .restart()
    .add(first, click("e", "00:02:30"))
    .expectNew([]);
  const seen = told.map(({ next, operators: [op], columns: [column] }) => [
    time(next),
    time(column!.watermark),
    op!.numRowsDroppedByWatermark,
    time(op!.nextToLeave),
    op!.waitsFor.map((wait) => [wait.column, time(wait.eventTime)]),
  ]);
  expect(seen).toEqual([
    ["00:01:50", "00:01:50", 0, "00:01:00", []],
    ["00:01:50", "00:01:50", 0, "00:03:00", [["at", "00:03:10"]]],
    ["00:02:50", "00:02:50", 1, "00:03:00", [["at", "00:03:10"]]],
    ["00:02:50", "00:02:50", 1, "00:03:00", [["at", "00:03:10"]]],
    // After a restart the greatest time so far is not known; what lies in the state is.
    ["00:02:50", "00:02:20", 0, "00:03:00", [["at", "00:03:10"]]],
  ]);
  expect(told[0]!.operators[0]).toMatchObject({ operatorId: 0, operatorName: "stateStoreSave" });
});

test("names the stream that holds the watermark back, and passes over it when it has been idle for long enough", async () => {
  const { spark, first, second, told } = await world();
  spark.conf.set("millrace.streaming.idleSourceTimeout", "1 minute");
  const both = first.df
    .withWatermark("at", "10 seconds")
    .union(second.df.withWatermark("at", "5 seconds"))
    .dropDuplicatesWithinWatermark("user")
    .select("user");
  await testStream(both)
    .add(first, click("a", "00:01:00"))
    .expectNew([["a"]])
    .advance("1 minute")
    .add(first, click("b", "00:02:00"))
    .expectNew([["b"]])
    .add(second, click("late", "00:01:00"), click("c", "00:05:00"))
    .expectNew([["c"]]);
  const seen = told.map(({ next, columns }) => [time(next), columns.map(({ idle, holdsBack }) => [idle, holdsBack])]);
  expect(seen[0]).toEqual([
    "00:00:00",
    [
      [false, false],
      [false, true],
    ],
  ]);
  expect(seen[1]).toEqual([
    "00:01:50",
    [
      [false, false],
      [true, false],
    ],
  ]);
  expect(told.at(-1)!.operators[0]!.numRowsDroppedByWatermark).toBe(1);
  expect(told[0]!.operators[0]!.waitsFor.map((wait) => [wait.sources.length, time(wait.eventTime)])).toEqual([
    [1, "00:01:20"],
    [1, "00:01:15"],
  ]);
});

test("a timeout that is no duration is refused", async () => {
  const { spark } = await world();
  expect(() => spark.conf.set("millrace.streaming.idleSourceTimeout", "soon")).toThrow("INVALID_CONF_VALUE");
});
