/** Joins of two streams, batch by batch: when rows come out, what is late, what NULL keys do, and what progress tells. */
import { type DataFrame, expr, type Schema, type StreamingQueryProgress } from "millrace";
import { describe, expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

type Frame = DataFrame<Schema>;

async function world() {
  const spark = await testSession();
  const progress: StreamingQueryProgress[] = [];
  spark.streams.addListener({ onQueryProgress: (event) => void progress.push(event.progress) });
  const shown = memoryStream(spark, { k: "string", at: "timestamp", v: "int" });
  const clicked = memoryStream(spark, { k: "string", at: "timestamp", w: "int" });
  /** Of each batch so far: operators as name, rows in all, new rows, rows that left, late rows. */
  const told = (): unknown[] =>
    progress.map(({ stateOperators }) =>
      stateOperators.map((o) => [
        o.operatorName,
        o.numRowsTotal,
        o.numRowsUpdated,
        o.numRowsRemoved,
        o.numRowsDroppedByWatermark,
      ]),
    );
  return { spark, shown, clicked, told };
}
const show = (k: string | null, at: string | null, v = 1) => ({ k, at, v });
const click = (k: string | null, at: string | null, w = 1) => ({ k, at, w });

const inTime = "s.k = c.k AND c.at BETWEEN s.at AND s.at + INTERVAL 10 SECONDS";
type World = Awaited<ReturnType<typeof world>>;
function joined({ shown, clicked }: World, how: "inner" | "left" | "right" | "full" | "leftSemi", on = inTime): Frame {
  const s = shown.df.withWatermark("at", "5 seconds").alias("s");
  const c = clicked.df.withWatermark("at", "5 seconds").alias("c");
  const rows = s.join(c, expr(on), how) as unknown as Frame;
  return rows.selectExpr(...(how === "leftSemi" ? ["v"] : ["v", "w"])) as unknown as Frame;
}

describe("in a range of times", () => {
  test("an inner join gives out pairs as soon as both are there, and forgets rows that can have no partner", async () => {
    const its = await world();
    const { shown, clicked, told } = its;
    await testStream(joined(its, "inner"))
      .add(shown, show("a", "00:00:10", 1), show("b", "00:00:10", 2), show(null, "00:00:10", 3))
      .expectNew([])
      .add(clicked, click("a", "00:00:20", 1), click("b", "00:00:21", 2), click(null, "00:00:10", 3))
      .expectNew([[1, 1]])
      .stop()
      .restart()
      .add(shown, show("b", "00:00:12", 4))
      .expectNew([[4, 2]])
      .add(shown, show("z", "00:00:40", 5))
      .expectNew([])
      // The watermark is 00:00:35 then: shown rows leave before 00:00:25, clicks up to 00:00:35.
      .add(clicked, click("z", "00:00:40", 6), click("a", "00:00:19", 7))
      .expectNew([
        [1, 7],
        [5, 6],
      ]);
    // NULL keys are not kept.
    expect(told()[0]).toEqual([["symmetricHashJoin", 2, 2, 0, 0]]);
    expect(told().at(-1)).toEqual([["symmetricHashJoin", 2, 0, 6, 0]]);
  });

  test("rows at or before the watermark are late, on both sides", async () => {
    const its = await world();
    const { shown, clicked, told } = its;
    await testStream(joined(its, "inner"))
      .add(shown, show("a", "00:00:40"))
      .add(clicked, click("a", "00:00:40", 2))
      .expectNew([[1, 2]])
      .add(shown, show("a", "00:00:35", 3), show("a", "00:00:36", 4))
      .expectNew([[4, 2]])
      .add(clicked, click("a", "00:00:35", 5), click("a", "00:00:36", 6), click("a", null, 7))
      .expectNew([[4, 6]]);
    expect(told().at(-2)).toEqual([["symmetricHashJoin", 3, 1, 0, 1]]);
    expect(told().at(-1)).toEqual([["symmetricHashJoin", 4, 1, 0, 1]]);
  });

  test("a left join gives out a row without a partner when the watermark says that none can come", async () => {
    const its = await world();
    const { shown, clicked, told } = its;
    await testStream(joined(its, "left"))
      .add(shown, show("a", "00:00:10", 1), show("a", "00:00:11", 2), show(null, "00:00:11", 3))
      .expectNew([])
      .add(clicked, click("a", "00:00:20", 1), click("x", "00:00:20", 9))
      .expectNew([
        [1, 1],
        [2, 1],
      ])
      .add(shown, show("b", "00:00:12", 4))
      .expectNew([])
      .stop()
      .restart()
      .add(shown, show("c", "00:00:28", 5))
      .expectNew([])
      // Watermark 00:00:23, by the batch without data: shown rows before 00:00:13 are past.
      .add(clicked, click("c", "00:00:28", 5))
      .expectNew([
        [5, 5],
        [3, null],
        [4, null],
      ]);
    expect(told().at(-1)).toEqual([["symmetricHashJoin", 2, 0, 6, 0]]);
  });

  test.each(["right", "full"] as const)("a %s join keeps the rows of its sides", async (how) => {
    const its = await world();
    const { shown, clicked } = its;
    await testStream(joined(its, how))
      .add(shown, show("a", "00:00:10", 1), show("b", "00:00:10", 2), show(null, "00:00:10", 3))
      .add(clicked, click("a", "00:00:10", 1), click("c", "00:00:10", 2), click(null, "00:00:10", 3))
      .expectNew([[1, 1]])
      .add(shown, show("z", "00:01:00", 9))
      .add(clicked, click("z", "00:01:00", 9))
      .expectNew([
        [9, 9],
        ...(how === "full"
          ? [
              [2, null],
              [3, null],
            ]
          : []),
        [null, 2],
        [null, 3],
      ]);
  });

  test("terms over a preserved side decide about partners: a row that fails them comes out at once", async () => {
    const its = await world();
    const { shown, clicked, told } = its;
    await testStream(joined(its, "left", `${inTime} AND s.v > 1`))
      .add(shown, show("a", "00:00:10", 1), show("a", "00:00:10", 2))
      .expectNew([[1, null]])
      .add(clicked, click("a", "00:00:10", 5))
      .expectNew([[2, 5]]);
    expect(told()[0]).toEqual([["symmetricHashJoin", 1, 1, 0, 0]]);
  });

  test("a semi join gives out a left row with its first partner, once", async () => {
    const its = await world();
    const { shown, clicked, told } = its;
    await testStream(joined(its, "leftSemi"), "update")
      .add(clicked, click("a", "00:00:12"), click("a", "00:00:13"))
      .expectNew([])
      .add(shown, show("a", "00:00:10", 1), show("b", "00:00:10", 2))
      .expectNew([[1]])
      .add(clicked, click("b", "00:00:11"), click("b", "00:00:12"), click("a", "00:00:14"))
      .expectNew([[2]])
      .add(clicked, click("b", "00:00:13"))
      .expectNew([]);
    expect(told().at(-1)).toEqual([["symmetricHashJoin", 7, 1, 0, 0]]);
  });
});

test("a watermarked key lets all rows of a time leave together", async () => {
  const { shown, clicked } = await world();
  const joinedByTime = shown.df
    .withWatermark("at", "5 seconds")
    .join(clicked.df.withWatermark("at", "5 seconds"), ["k", "at"], "full")
    .selectExpr("k", "v", "w");
  await testStream(joinedByTime)
    .add(shown, show("a", "00:00:10", 1), show("a", "00:00:10", 2), show("b", "00:00:11", 3))
    .add(clicked, click("a", "00:00:10", 4), click("c", "00:00:11", 5))
    .expectNew([
      ["a", 1, 4],
      ["a", 2, 4],
    ])
    .add(shown, show("z", "00:00:16", 6))
    .add(clicked, click("z", "00:00:16", 7))
    .expectNew([
      ["z", 6, 7],
      ["b", 3, null],
      ["c", null, 5],
    ]);
});

test("without times every row stays, and a join of a stream with itself reads it twice", async () => {
  const { shown, told } = await world();
  const pairs = shown.df
    .alias("l")
    .join(shown.df.alias("r"), expr("l.k = r.k AND l.v < r.v"))
    .selectExpr("l.v AS l", "r.v AS r");
  await testStream(pairs)
    .add(shown, show("a", null, 1), show("a", null, 2), show("b", null, 3))
    .expectNew([[1, 2]])
    .crash("afterStateCommit")
    .restart()
    .add(shown, show("a", null, 4), show("b", null, 2))
    .expectNew([
      [1, 4],
      [2, 4],
      [2, 3],
    ]);
  expect(told().at(-1)).toEqual([["symmetricHashJoin", 10, 4, 0, 0]]);
});

test("an aggregation after a join closes its windows by what the join can still give out", async () => {
  const { shown, clicked } = await world();
  const counts = shown.df
    .withWatermark("at", "5 seconds")
    .alias("s")
    .join(clicked.df.withWatermark("at", "5 seconds").alias("c"), expr(inTime), "left")
    .groupBy(expr("window(s.at, '10 seconds')"))
    .agg(expr("count(*) AS shown"), expr("count(w) AS clicked"))
    .selectExpr("shown", "clicked");
  await testStream(counts)
    .add(shown, show("a", "00:00:01"), show("b", "00:00:02"), show("a", "00:00:09"))
    .add(clicked, click("a", "00:00:03"))
    .expectNew([])
    // Watermark 00:00:15: a row of 00:00:09 has no partner yet, and could still have one.
    .add(shown, show("z", "00:00:20"))
    .add(clicked, click("z", "00:00:20"))
    .expectNew([])
    // Watermark 00:00:25: what the join gives out is newer than 00:00:15.
    .add(shown, show("z", "00:00:30"))
    .add(clicked, click("z", "00:00:30"))
    .expectNew([[3, 1]]);
});

test("an aggregation after a join closes a window to the millisecond, when no row of it can come any more", async () => {
  const { shown, clicked } = await world();
  const counts = shown.df
    .withWatermark("at", "5 seconds")
    .alias("s")
    .join(clicked.df.withWatermark("at", "5 seconds").alias("c"), expr(inTime), "inner")
    .groupBy(expr("window(s.at, '10 seconds')"))
    .agg(expr("count(*) AS pairs"))
    .selectExpr("pairs");
  await testStream(counts)
    .add(shown, show("a", "00:00:09.999"))
    .add(clicked, click("a", "00:00:10"))
    .expectNew([])
    // Watermark 00:00:20: shown rows from 00:00:10 on may still meet a click, and those are of the next window; one that was shown
    // a millisecond before has left only with the next watermark.
    .add(shown, show("z", "00:00:25"))
    .add(clicked, click("z", "00:00:25"))
    .expectNew([])
    .add(shown, show("z", "00:00:25.001"))
    .add(clicked, click("z", "00:00:25.001"))
    .expectNew([[1]]);
});
