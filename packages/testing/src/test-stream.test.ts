import { window } from "millrace";
import { expect, test } from "vitest";
import { memoryStream, type ScriptFailure, simulatedRuntime, testSession, testStream } from "./index.ts";

const schema = { user: "string", at: "timestamp" } as const;
const minutes = [
  { user: "a", at: "00:00:05" },
  { user: "b", at: "00:00:50" },
];

async function clicksPerMinute(): Promise<{
  readonly spark: Awaited<ReturnType<typeof testSession>>;
  readonly clicks: ReturnType<typeof memoryStream<typeof schema>>;
  readonly counts: ReturnType<typeof perMinute>;
}> {
  const spark = await testSession();
  const clicks = memoryStream(spark, schema);
  return { spark, clicks, counts: perMinute(clicks.df) };
}
const perMinute = (df: ReturnType<typeof memoryStream<typeof schema>>["df"]) =>
  df.withWatermark("at", "10 seconds").groupBy(window("at", "1 minute")).count();

test("a window closes when the watermark passes its end", async () => {
  const clicks = memoryStream(await testSession(), { user: "string", at: "timestamp" });
  const counts = clicks.df.withWatermark("at", "10 seconds").groupBy(window("at", "1 minute")).count();
  await testStream(counts, "append")
    .add(clicks, { user: "a", at: "00:00:05" }, { user: "b", at: "00:00:50" })
    .expectNew([])
    .crash("afterStateCommit")
    .restart()
    .add(clicks, { user: "c", at: "00:01:15" })
    .expectNew([{ start: "00:00:00", count: 2 }]);
});

test("real time: rows are there before their batch ends, and a crash brings them again", async () => {
  const clicks = memoryStream(await testSession(), { user: "string" });
  await testStream(clicks.df.filter("user <> 'nobody'"), "update", { trigger: { realTime: "1 minute" } })
    .add(clicks, { user: "ann" }, { user: "nobody" })
    .expectNew([{ user: "ann" }])
    .add(clicks, { user: "bob" })
    .advance("10 seconds")
    .crash("P2")
    .restart()
    .expectAll([{ user: "ann" }, { user: "bob" }]);
});

test("a script is fast and takes the DataFrame of the source", async () => {
  const durations: number[] = [];
  for (let run = 0; run < 4; run++) {
    const { clicks, counts } = await clicksPerMinute();
    const startedAt = performance.now();
    await testStream(counts)
      .add(clicks.df, ...minutes, { user: "c", at: "00:01:15" })
      .expectNew([{ end: "00:01:00", count: 2 }]);
    durations.push(performance.now() - startedAt);
  }
  expect(Math.min(...durations)).toBeLessThan(50);
});

test("late rows are left out, and all rows are those of all batches", async () => {
  const { clicks, counts } = await clicksPerMinute();
  await testStream(counts)
    .add(clicks, ...minutes)
    .add(clicks, { user: "c", at: "00:01:15" })
    .expectNew([{ "window.start": "00:00:00", count: 2 }])
    .add(clicks, { user: "late", at: "00:00:10" }, { user: "d", at: "00:02:30" })
    .expectNew([{ start: "00:01:00", count: 1 }])
    .expectAll([
      { start: "00:01:00", count: 1 },
      { start: "00:00:00", count: 2 },
    ]);
});

const steps = ["P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11"] as const;
test.each(steps)("a crash at %s changes nothing", async (step) => {
  for (const survive of ["none", "all", "random"] as const) {
    const { spark, clicks, counts } = await clicksPerMinute();
    let failures = 0;
    spark.streams.addListener({ onQueryTerminated: ({ exception }) => void (exception !== null && failures++) });
    await testStream(counts)
      .add(clicks, ...minutes)
      .crash(step, { survive })
      .restart()
      .add(clicks, { user: "c", at: "00:01:15" }, { user: "d", at: "00:03:00" })
      .crash(step, { survive })
      .restart()
      .expectAll([
        { start: "00:00:00", count: 2 },
        { start: "00:01:00", count: 1 },
      ]);
    expect(failures, "crashes within a batch").toBe(2);
  }
});

test("with a trigger interval batches wait for time to pass", async () => {
  const { clicks, counts } = await clicksPerMinute();
  await testStream(counts, "update", { trigger: { processingTime: "10 seconds" } })
    .advance("1 second")
    .add(clicks, ...minutes)
    .expectNew([])
    .advance("8 seconds")
    .expectNew([])
    .advance("1 second")
    .expectNew([{ start: "00:00:00", count: 2 }])
    .add(clicks, { user: "a", at: "00:00:55" })
    .processAll()
    .expectNew([{ start: "00:00:00", count: 3 }]);
});

test("complete mode shows the whole result of the last batch", async () => {
  const users = memoryStream(await testSession(), { user: "string" });
  await testStream(users.df.groupBy("user").count(), "complete")
    .add(users, { user: "a" }, { user: "b" })
    .expectNew([
      ["a", 1],
      ["b", 1],
    ])
    .stop()
    .restart()
    .add(users, { user: "a" })
    .expectNew([
      ["a", 2],
      ["b", 1],
    ]);
});

test("a failure shows the script, the place, and both rows", async () => {
  const { clicks, counts } = await clicksPerMinute();
  const failure = await testStream(counts, "update")
    .add(clicks, ...minutes)
    .expectNew([{ start: "00:00:00", count: 3 }])
    .processAll()
    .run()
    .then(
      () => null,
      (error: unknown) => error as ScriptFailure,
    );
  expect(failure?.message).toBe(`The rows are not the expected ones.
== Expected ==
  - { start: 00:00:00, count: 3 }
== Actual ==
  + { window: { start: 00:00:00, end: 00:01:00 }, count: 2 }

== Script ==
   testStream(query, "update")
   add({ user: "a", at: "00:00:05" }, { user: "b", at: "00:00:50" })
=> expectNew([{ start: "00:00:00", count: 3 }])
   processAll()`);
});

test("errors of a batch and of the start can be expected", async () => {
  const numbers = memoryStream(await testSession(), { n: "int" });
  await testStream(numbers.df.selectExpr("1 div n AS inverse"))
    .add(numbers, { n: 1 })
    .expectNew([{ inverse: 1 }])
    .add(numbers, { n: 0 })
    .expectError("DIVIDE_BY_ZERO");
  await testStream(numbers.df.groupBy("n").count(), "append").expectError(
    "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
  );
  await expect(testStream(numbers.df).add(numbers, { n: 0 }).expectError("DIVIDE_BY_ZERO")).rejects.toThrow(
    /did not fail/,
  );
});

test("queries over files read the disk of the session", async () => {
  const spark = await testSession();
  const write = (name: string, text: string) => async (): Promise<void> =>
    simulatedRuntime(spark).fs.apply([
      { op: "makeDirectory", path: "/in" },
      { op: "write", path: `/in/${name}`, bytes: new TextEncoder().encode(text), exclusive: true },
      { op: "sync", path: `/in/${name}` },
      { op: "syncDirectory", path: "/in" },
    ]);
  await write("0.txt", "a\n")();
  await testStream(spark.readStream.text("/in"))
    .expectNew([{ value: "a" }])
    .do("a file comes", write("1.txt", "b\nc\n"))
    .crash("P8")
    .restart()
    .expectNew([{ value: "b" }, { value: "c" }]);
});

test("a query of another session is refused", async () => {
  const { SparkSession } = await import("millrace");
  await using spark = await SparkSession.builder.create();
  const source = memoryStream(spark, { n: "int" });
  await expect(testStream(source.df)).rejects.toThrow(/testSession/);
});

test("what makes no sense is refused where it is written", async () => {
  const { clicks, counts } = await clicksPerMinute();
  const script = testStream(counts);
  expect(() => script.crash("afterLunch" as never)).toThrow("not 'afterLunch': P2 to P11, afterOffsets,");
  expect(() => script.advance("soon")).toThrow('advance() takes milliseconds or a text such as "10 seconds"');
  await expect(script.add(clicks, { usr: "a" } as never).expectNew([])).rejects.toThrow(
    "A row has a column 'usr'; the columns of the stream are user, at.",
  );
});
