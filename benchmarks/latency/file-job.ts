/** JSON file → JSON file: a file with 20 rows every 20 ms is moved into the watched folder; each row carries its time. */
import { mkdtempSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { SparkSession } from "millrace";
import { peakRssMb, report } from "../child.ts";

const seconds = Number(process.argv[2]);
const everyMs = 20;
const now = (): number => performance.timeOrigin + performance.now();
await using spark = await SparkSession.builder
  .appName("latency")
  .config("spark.sql.streaming.pollingDelay", "1")
  .getOrCreate();
spark.sparkContext.setLogLevel("ERROR");

const directory = mkdtempSync(`${tmpdir()}/latency-`);
mkdirSync(`${directory}/in`);
mkdirSync(`${directory}/out`);
await using query = await spark.readStream
  .schema({ sent: "double", n: "int" })
  .json(`${directory}/in`)
  .writeStream.format("json")
  .option("checkpointLocation", `${directory}/checkpoint`)
  .start(`${directory}/out`);

const milliseconds: number[] = [];
const watching = (async () => {
  for await (const { rows } of query.changes()) {
    const committed = now();
    for (const row of rows) if (row.n === 0) milliseconds.push(committed - row.sent!);
  }
})();
const begin = now();
for (let file = 0; now() - begin < seconds * 1000; file++) {
  const sent = now();
  const lines = Array.from({ length: everyMs }, (_, n) => `{"sent":${sent},"n":${n}}`);
  writeFileSync(`${directory}/next.json`, `${lines.join("\n")}\n`);
  renameSync(`${directory}/next.json`, `${directory}/in/${String(file).padStart(6, "0")}.json`);
  await sleep(Math.max(0, begin + (file + 1) * everyMs - now()));
}
await query.processAllAvailable();
await query.stop();
await watching;
rmSync(directory, { recursive: true });
const warmUp = seconds > 10 ? 100 : 0;
report({ milliseconds: milliseconds.slice(warmUp), peakRssMb: peakRssMb() });
