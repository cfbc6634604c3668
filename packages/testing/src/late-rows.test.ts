/** Rows that came too late, given to the function that asked for them. */
import { type DataFrame, type LateRowsOrigin, window } from "millrace";
import { expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

const schema = { user: "string", at: "timestamp", n: "int" } as const;
const click = (user: string | null, at: string | null, n: number) => ({ user, at, n });

async function world() {
  const spark = await testSession();
  const late: unknown[] = [];
  const lateRows = async (rows: DataFrame, { batchId, operatorName }: LateRowsOrigin): Promise<void> => {
    const found = (await rows.select("user", "n").collect()) as unknown as { user: string | null; n: number }[];
    late.push([batchId, operatorName, ...found.map(({ user, n }) => `${user} ${n}`)]);
  };
  return { clicks: memoryStream(spark, schema), late, lateRows };
}

test("an aggregation hands over the rows of windows that are closed, with columns that it does not read", async () => {
  const { clicks, late, lateRows } = await world();
  const counts = clicks.df.withWatermark("at", "10 seconds").groupBy(window("at", "1 minute")).count();
  await testStream(counts.select("count"), "append", { lateRows })
    .add(clicks, click("a", "00:00:30", 1), click("a", "00:01:20", 2))
    .expectNew([[1]])
    // 00:01:05 is before the watermark, but its window is not closed. A NULL is in no window.
    .add(clicks, click("b", "00:00:59", 3), click("c", "00:00:01", 4), click("d", "00:01:05", 5), click("e", null, 6))
    .expectNew([])
    .add(clicks, click("f", "00:03:00", 7))
    .expectNew([[2]]);
  expect(late).toEqual([[2, "stateStoreSave", "b 3", "c 4"]]);
});

test("each operator hands over what it drops; a batch that is repeated brings it again", async () => {
  const { clicks, late, lateRows } = await world();
  const counts = clicks.df
    .withWatermark("at", "0 seconds")
    .dropDuplicatesWithinWatermark("user")
    .groupBy(window("at", "10 seconds"))
    .count();
  await testStream(counts.select("count"), "append", { lateRows })
    .add(clicks, click("a", "00:00:30", 1))
    .expectNew([])
    .add(clicks, click("b", "00:00:29", 2), click("c", "00:00:31", 3))
    .crash("afterSinkCommit")
    .restart()
    .expectNew([]);
  expect(late).toEqual([
    [2, "dedupeWithinWatermark", "b 2"],
    [2, "dedupeWithinWatermark", "b 2"],
  ]);
});

test("a function that throws fails the query; the batch is repeated", async () => {
  const { clicks, late, lateRows } = await world();
  let broken = true;
  await testStream(clicks.df.withWatermark("at", "0 seconds").dropDuplicates("user", "at").select("user"), "append", {
    lateRows: async (rows, origin) => {
      if (broken) throw new Error("no room");
      await lateRows(rows, origin);
    },
  })
    .add(clicks, click("a", "00:00:30", 1))
    .expectNew([["a"]])
    .add(clicks, click("b", "00:00:29", 2))
    .expectError("STREAM_FAILED")
    .do("make room", () => void (broken = false))
    .restart()
    .expectNew([]);
  expect(late).toEqual([[2, "dedupe", "b 2"]]);
});

test("a query in which nothing can be late refuses the function", async () => {
  const { clicks, lateRows } = await world();
  await testStream(clicks.df.groupBy("user").count(), "update", { lateRows }).expectError(
    "UNSUPPORTED_STREAMING_OPERATION",
  );
});
