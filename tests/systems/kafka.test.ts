/** `@millrace/kafka` against a broker: what is written is read, also what Kafka's own producer wrote, and nothing is lost or twice. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DataFrame, type DataFrameReader, SparkSession, type StreamingQuery, window } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KafkaServer } from "./servers/kafka.ts";

let server: KafkaServer;
let spark: SparkSession;
let place: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "millrace-kafka-test-"));
  server = await KafkaServer.start();
  spark = await SparkSession.builder.getOrCreate();
});

afterAll(async () => {
  await spark.stop();
  await server[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

type Options = Readonly<Record<string, string>>;
type Rows = DataFrame<Readonly<Record<string, "untyped">>>;

function row(...columns: readonly string[]): Rows {
  return spark.range(1).selectExpr(...columns);
}

async function write(topic: string, rows: Rows, options: Options = {}): Promise<void> {
  const writer = rows.write.format("kafka").option("kafka.bootstrap.servers", server.address).option("topic", topic);
  await writer.options(options).save();
}

/** Rows with the keys from..to and values that name them. */
function numbers(from: number, to: number): Rows {
  return spark.range(from, to).selectExpr("cast(id as string) as key", "concat('value-', id) as value");
}

function reader(topic: string, options: Options = {}): DataFrameReader {
  return spark.read
    .format("kafka")
    .option("kafka.bootstrap.servers", server.address)
    .option("subscribe", topic)
    .options(options);
}

async function values(topic: string, options: Options = {}): Promise<string[]> {
  const rows = await reader(topic, options).load().selectExpr("cast(value as string) as value").collect();
  return rows.map((row) => String((row as { readonly value: unknown }).value));
}

function valuesOf(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `value-${from + i}`).sort();
}

test("records come back with Spark's columns", async () => {
  await write("columns", row("'k' AS key", "'v' AS value", "1 AS partition"));
  await write("columns", row("CAST(NULL AS STRING) AS key", "CAST(NULL AS BINARY) AS value", "1 AS partition"));
  const rows = reader("columns").load();
  const columns =
    "key:binary,value:binary,topic:string,partition:int,offset:bigint,timestamp:timestamp,timestampType:int";
  const { fields } = await rows.schema();
  expect(fields.map(({ name, type }) => `${name}:${type.kind}`).join(",")).toBe(columns);
  const all = await rows
    .selectExpr(
      "cast(key as string) as key",
      "cast(value as string) as value",
      "topic",
      "partition",
      "offset",
      "timestampType",
    )
    .collect();
  expect(all).toEqual([
    { key: "k", value: "v", topic: "columns", partition: 1, offset: 0, timestampType: 0 },
    { key: null, value: null, topic: "columns", partition: 1, offset: 1, timestampType: 0 },
  ]);
  const [times] = await rows
    .selectExpr("max(abs(unix_millis(current_timestamp()) - unix_millis(timestamp))) as apart")
    .collect();
  expect(Number((times as { readonly apart: unknown }).apart)).toBeLessThan(120_000);
});

test("headers are read when they are asked for", async () => {
  const headers = "array(named_struct('key', 'trace', 'value', cast('abc' as binary)))";
  await write("headers", row("'with' AS value", `${headers} AS headers`));
  await write("headers", row("'without' AS value"));
  const rows = await reader("headers", { includeHeaders: "true" })
    .load()
    .selectExpr(
      "cast(value as string) as value",
      "headers[0].key as key",
      "cast(headers[0].value as string) as header",
      "headers is null as none",
    )
    .orderBy("value")
    .collect();
  expect(rows).toEqual([
    { value: "with", key: "trace", header: "abc", none: false },
    { value: "without", key: null, header: null, none: true },
  ]);
});

test("a range of offsets reads the same again", async () => {
  await write("ranges", numbers(0, 20_000));
  const range = { startingOffsets: '{"ranges":{"0":100,"1":-2}}', endingOffsets: '{"ranges":{"0":9000,"1":50}}' };
  const first = await values("ranges", range);
  await write("ranges", numbers(20_000, 21_000));
  expect(first).toHaveLength(8_950);
  expect(await values("ranges", range)).toEqual(first);
  expect((await values("ranges")).sort()).toEqual(valuesOf(0, 21_000));
});

test.each(["none", "gzip", "zstd"])("compression %s, and a record that is larger than a fetch", async (codec) => {
  const topic = `written-${codec}`;
  await write(topic, numbers(0, 5_000), { "kafka.compression.type": codec });
  await write(topic, row("repeat('x', 900000) AS value"), { "kafka.compression.type": codec });
  const found = await values(topic, { "kafka.max.partition.fetch.bytes": "4096" });
  expect(found.filter((value) => value.length < 1000).sort()).toEqual(valuesOf(0, 5_000));
  expect(found.filter((value) => value.length >= 1000)).toEqual(["x".repeat(900_000)]);
});

test("what Kafka's own producer writes is read: every compression, transactions, the partitions of its keys", async () => {
  await server.produceWithJava(3_000);
  for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"]) {
    expect((await values(`java-${codec}`)).sort(), codec).toEqual(valuesOf(0, 3_000));
  }
  const committed = { "kafka.isolation.level": "read_committed" };
  expect(await values("java-transactions", committed)).toEqual(Array.from({ length: 30 }, () => "committed"));
  expect(await values("java-transactions")).toHaveLength(60);
  // Both choose the same partition for a key.
  await write("same-keys", spark.range(0, 3_000).selectExpr("concat('key-', id) as key", "'' as value"));
  const placed = (topic: string): Promise<readonly unknown[]> =>
    reader(topic).load().selectExpr("cast(key as string) as key", "partition").orderBy("key").collect();
  expect(await placed("same-keys")).toEqual(await placed("java-none"));
});

/** Runs a query from a topic into files until it has read what is there. */
async function copyToFiles(topic: string, options: Options = {}): Promise<void> {
  const rows = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", server.address)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .options(options)
    .load()
    .selectExpr("cast(value as string) as value", "partition", "offset");
  const query = await rows.writeStream
    .format("json")
    .option("checkpointLocation", join(place, `${topic}-checkpoint`))
    .trigger({ availableNow: true })
    .start(join(place, topic));
  await query.awaitTermination();
}

async function copied(topic: string): Promise<string[]> {
  const rows = await spark.read.schema("value string").json(join(place, topic)).collect();
  return rows.map((row) => String((row as { readonly value: unknown }).value)).sort();
}

function offsetsOfBatch(topic: string, batch: number): unknown {
  const text = readFileSync(join(place, `${topic}-checkpoint`, "offsets", `${batch}`), "utf8");
  return JSON.parse(text.split("\n")[2]!);
}

test("Kafka → files goes on from its checkpoint, over a killed broker, without loss or repetition", async () => {
  await write("stream", numbers(0, 1_000));
  await copyToFiles("stream", { maxOffsetsPerTrigger: "300" });
  expect(await copied("stream")).toEqual(valuesOf(0, 1_000));
  const batches = readdirSync(join(place, "stream-checkpoint", "commits")).filter((name) => /^\d+$/.test(name));
  expect(batches.length).toBe(4);
  const ends = offsetsOfBatch("stream", 3) as { readonly stream: Readonly<Record<string, number>> };
  expect(Object.keys(ends.stream)).toEqual(["0", "1"]);
  expect(ends.stream["0"]! + ends.stream["1"]!).toBe(1_000);
  await server.kill();
  await server.restart();
  await write("stream", numbers(1_000, 1_500));
  await copyToFiles("stream");
  expect(await copied("stream")).toEqual(valuesOf(0, 1_500));
  // Nothing new: no batch, and no row twice.
  await copyToFiles("stream");
  expect(await copied("stream")).toEqual(valuesOf(0, 1_500));
});

test("a running query waits for a broker that is killed and started again", async () => {
  await write("outage", numbers(0, 100));
  const rows = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", server.address)
    .option("subscribe", "outage")
    .option("startingOffsets", "earliest")
    .load()
    .selectExpr("cast(key as string) as key", "value");
  await using query = await rows.writeStream
    .format("kafka")
    .option("kafka.bootstrap.servers", server.address)
    .option("topic", "outage-copy")
    .option("checkpointLocation", join(place, "outage-checkpoint"))
    .trigger({ processingTime: "200 milliseconds" })
    .start();
  await expect.poll(() => values("outage-copy"), { timeout: 60_000 }).toHaveLength(100);
  await server.kill();
  await server.restart();
  await write("outage", numbers(100, 200));
  await expect
    .poll(async () => [...new Set(await values("outage-copy"))].sort(), { timeout: 60_000 })
    .toEqual(valuesOf(0, 200));
  expect(query.isActive).toBe(true);
});

test("offsets beyond the end of a topic are a loss of data", async () => {
  await write("loss", numbers(0, 10));
  const range = { startingOffsets: '{"loss":{"0":500,"1":-2}}', endingOffsets: '{"loss":{"0":600,"1":-1}}' };
  await expect(values("loss", range)).rejects.toMatchObject({
    errorClass: "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
  });
  await expect(values("loss", { ...range, failOnDataLoss: "false" })).resolves.toBeInstanceOf(Array);
});

test("a record that the broker refuses, and a server that is not there, are errors that say so", async () => {
  await expect(write("refused", row("repeat('x', 2000000) AS value"))).rejects.toMatchObject({
    errorClass: "KAFKA_REQUEST_FAILED",
    message: expect.stringContaining("MESSAGE_TOO_LARGE") as string,
  });
  const elsewhere = reader("any", { "kafka.bootstrap.servers": "127.0.0.1:1" });
  await expect(elsewhere.load().count()).rejects.toMatchObject({ errorClass: "CANNOT_CONNECT" });
});

/** The program of packages/kafka/README.md. */
async function countPages(broker: string, checkpoint: string): Promise<StreamingQuery> {
  const spark = await SparkSession.builder.getOrCreate();
  const clicks = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", broker)
    .option("subscribe", "clicks")
    .option("startingOffsets", "earliest")
    .load()
    .selectExpr("from_json(cast(value as string), 'page string, at timestamp') as click")
    .selectExpr("click.page as page", "click.at as at");
  return clicks
    .withWatermark("at", "1 minute")
    .groupBy(window("at", "10 seconds"), "page")
    .count()
    .selectExpr("page as key", "to_json(named_struct('page', page, 'start', window.start, 'count', count)) as value")
    .writeStream.outputMode("update")
    .format("kafka")
    .option("kafka.bootstrap.servers", broker)
    .option("topic", "page-counts")
    .option("checkpointLocation", checkpoint)
    .trigger({ processingTime: "1 second" })
    .start();
}

test("the program of the README", async () => {
  const clicks = spark
    .range(0, 30)
    .selectExpr(
      "to_json(named_struct('page', concat('/', id % 2), 'at', timestamp_seconds(1700000000 + id % 10))) as value",
    );
  await write("clicks", clicks);
  await using query = await countPages(server.address, join(place, "pages-checkpoint"));
  const counts = async (): Promise<string[]> => (await values("page-counts")).toSorted();
  await expect.poll(counts, { timeout: 60_000 }).toHaveLength(2);
  const zone = await spark
    .range(1)
    .selectExpr("to_json(named_struct('t', timestamp_seconds(1700000000))) as t")
    .collect();
  const { t } = JSON.parse(String((zone[0] as { readonly t: unknown }).t)) as { readonly t: string };
  expect((await counts()).map((text) => JSON.parse(text) as unknown)).toEqual([
    { page: "/0", start: t, count: 15 },
    { page: "/1", start: t, count: 15 },
  ]);
  expect(query.isActive).toBe(true);
});
