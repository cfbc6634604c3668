/** Averages per device and minute, from sensors that are late, leave values out, and sometimes send rubbish. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { avg, count, max, SparkSession, window } from "millrace";
import { workingDirectory } from "../working-directory.ts";

const directory = workingDirectory("iot-sensors");
mkdirSync(`${directory}/readings`);
const files = [
  [
    `{"device":"roof","at":"2026-03-01T12:00:05Z","celsius":21.5,"humidity":40}`,
    `{"device":"cellar","at":"2026-03-01T12:00:20Z","celsius":12.0,"humidity":71}`,
    `{"device":"roof","at":"2026-03-01T12:00:35Z","celsius":22.5}`, // no humidity: NULL, which averages leave out
    `{"device":"cellar","at":"2026-03-01T12:00:50Z","celsius":12.5,"humid`, // the connection broke
    `{"device":"roof","at":"2026-03-01T12:01:10Z","celsius":23.0,"humidity":38}`,
  ],
  [
    `{"device":"roof","at":"2026-03-01T12:00:55Z","celsius":22.0,"humidity":39}`, // late, but not too late
    `{"device":"cellar","at":"2026-03-01T12:01:15Z","celsius":"warm","humidity":70}`, // not a number
    `{"device":"cellar","at":"2026-03-01T12:02:40Z","celsius":12.1,"humidity":70}`,
  ],
  [
    `{"device":"roof","at":"2026-03-01T12:02:50Z","celsius":23.5,"humidity":37}`,
    `{"device":"roof","at":"2026-03-01T12:04:00Z","celsius":24.0,"humidity":36}`,
  ],
  [
    `{"device":"cellar","at":"2026-03-01T12:00:58Z","celsius":99.0,"humidity":70}`, // too late: its minute is written
    `{"device":"cellar","at":"2026-03-01T12:04:05Z","celsius":12.3,"humidity":69}`,
  ],
];
for (const [i, lines] of files.entries()) writeFileSync(`${directory}/readings/${i}.json`, `${lines.join("\n")}\n`);

await using spark = await SparkSession.builder.appName("iot-sensors").getOrCreate();

const readings = spark.readStream
  .schema({ device: "string", at: "timestamp", celsius: "double", humidity: "double" })
  .option("maxFilesPerTrigger", 1)
  // What cannot be read leaves the result and is kept here, with file, line and reason.
  .option("badRecordsPath", `${directory}/bad-readings`)
  .json(`${directory}/readings`);

const averages = readings
  .withWatermark("at", "30 seconds")
  .groupBy("device", window("at", "1 minute"))
  .agg((r) => ({ readings: count(), celsius: avg(r.celsius), humidity: avg(r.humidity), hottest: max(r.celsius) }));

await using query = await averages
  .select("device", "window.start", "readings", "celsius", "humidity", "hottest")
  .writeStream.outputMode("append") // a minute is written once, when the watermark says that it is complete
  .option("checkpointLocation", `${directory}/checkpoint`)
  .trigger({ availableNow: true })
  .format("json")
  .start(`${directory}/averages`);
await query.awaitTermination();

await spark.read
  .schema({ device: "string", start: "timestamp", readings: "bigint", celsius: "double", humidity: "double" })
  .json(`${directory}/averages`)
  .orderBy("start", "device")
  .show();

const late = query.recentProgress.flatMap((progress) =>
  progress.stateOperators.map((s) => s.numRowsDroppedByWatermark),
);
console.log(`readings that came too late: ${late.reduce((sum, rows) => sum + rows, 0)}`);

const letters = readdirSync(`${directory}/bad-readings`, { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
);
for (const letter of letters) {
  for (const line of readFileSync(join(letter.parentPath, letter.name), "utf8").trimEnd().split("\n")) {
    console.log(line.replaceAll(directory, ""));
  }
}
