/** Operators on streams: what keeps no state runs, what needs all rows is refused. */
import { count, expr, type StreamingQueryProgress, sum } from "millrace";
import { expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

const schema = { user: "string", n: "int" } as const;
type Clicks = ReturnType<typeof memoryStream<typeof schema>>["df"];

test("projections, missing values, unions and samples run batch by batch", async () => {
  const spark = await testSession();
  const input = memoryStream(spark, schema);
  const cleaned = input.df.na
    .fill("?", ["user"])
    .na.replace("x", "y")
    .withColumns({ twice: expr("n * 2") })
    .withColumnsRenamed({ n: "once" })
    .transform((df) => df.na.drop("any", null, "once"))
    .unpivot("user", ["once", "twice"], "name", "value")
    .repartition(2, "user")
    .sample(1, 3);
  await testStream(cleaned)
    .add(input, { user: null, n: 1 }, { user: "x", n: null })
    .expectNew([
      { user: "?", name: "once", value: 1 },
      { user: "?", name: "twice", value: 2 },
    ])
    .add(input, { user: "x", n: 5 })
    .expectNew([
      { user: "y", name: "once", value: 5 },
      { user: "y", name: "twice", value: 10 },
    ]);
});

test("observed metrics are in the progress of each batch, and listeners hear of them", async () => {
  const spark = await testSession();
  const heard: StreamingQueryProgress[] = [];
  spark.streams.addListener({ onQueryProgress: ({ progress }) => void heard.push(progress) });
  const input = memoryStream(spark, schema);
  const observed = input.df.observe("quality", count().alias("rows"), sum("n").alias("total")).filter("n > 1");
  await testStream(observed)
    .add(input, { user: "a", n: 1 }, { user: "b", n: 4 })
    .expectNew([{ user: "b", n: 4 }])
    .add(input, { user: "c", n: 2 })
    .expectNew([{ user: "c", n: 2 }]);
  const metrics = heard.map((progress) => progress.observedMetrics).filter((each) => each !== undefined);
  expect(metrics).toContainEqual({ quality: { rows: 2, total: 5 } });
  expect(metrics).toContainEqual({ quality: { rows: 1, total: 2 } });
});

test.each([
  ["intersect", (df: Clicks) => df.intersect(df)],
  ["except", (df: Clicks) => df.exceptAll(df)],
  ["offset", (df: Clicks) => df.offset(1)],
] as const)("%s is refused", async (_name, build) => {
  const spark = await testSession();
  const input = memoryStream(spark, schema);
  const query = build(input.df).writeStream.format("noop").outputMode("complete");
  await expect(query.start()).rejects.toMatchObject({ errorClass: "UNSUPPORTED_STREAMING_OPERATION" });
});
