/** Counts words in windows of 10 seconds that start every 5, by the time at which each line was said. */
import { mkdirSync, writeFileSync } from "node:fs";
import { explode, lower, SparkSession, split, window } from "millrace";
import { workingDirectory } from "../working-directory.ts";

const input = `${workingDirectory("windowed-wordcount")}/lines`;
mkdirSync(input);
writeFileSync(
  `${input}/1.json`,
  `{"at":"2026-03-01T12:00:02Z","text":"apache spark"}
{"at":"2026-03-01T12:00:04Z","text":"spark streaming"}
{"at":"2026-03-01T12:00:13Z","text":"apache beam"}
`,
);
writeFileSync(
  `${input}/2.json`,
  // Out of order: this line belongs to windows that the first file has begun.
  `{"at":"2026-03-01T12:00:07Z","text":"Spark"}
{"at":"2026-03-01T12:00:26Z","text":"beam"}
`,
);

await using spark = await SparkSession.builder.appName("windowed-wordcount").getOrCreate();

const lines = spark.readStream.schema({ at: "timestamp", text: "string" }).option("maxFilesPerTrigger", 1).json(input);

const counts = lines
  .select("at", (c) => explode(split(lower(c.text), " ")).alias("word"))
  .withWatermark("at", "10 seconds")
  .groupBy(window("at", "10 seconds", "5 seconds"), "word")
  .count();

await using query = await counts
  .orderBy("window", "word")
  .writeStream.outputMode("complete")
  .format("console")
  .option("truncate", false)
  .trigger({ availableNow: true })
  .start();
await query.awaitTermination();
