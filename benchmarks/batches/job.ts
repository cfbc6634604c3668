import { mkdtempSync, mkdirSync, readdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { SparkSession } from "millrace";
import { peakRssMb, report } from "../child.ts";

const count = Number(process.argv[2]);
await using spark = await SparkSession.builder
  .appName("batches")
  .config("spark.sql.shuffle.partitions", "1")
  .config("spark.sql.streaming.pollingDelay", "1")
  .getOrCreate();
spark.sparkContext.setLogLevel("ERROR");
const directory = mkdtempSync(`${tmpdir()}/batches-`);
mkdirSync(`${directory}/in`);
await using query = await spark.readStream
  .schema({ key: "int", n: "bigint" })
  .json(`${directory}/in`)
  .groupBy("key")
  .sum("n")
  .writeStream.outputMode("update")
  .format("noop")
  .option("checkpointLocation", `${directory}/checkpoint`)
  .start();

const milliseconds: number[] = [];
const cpuSeconds: number[] = [];
const name = (file: number): string => `${directory}/in/${String(file).padStart(7, "0")}.json`;
for (let file = 0; file < count; file++) {
  writeFileSync(`${directory}/next.json`, `{"key":${file % 10},"n":${file}}\n`);
  const start = performance.now();
  renameSync(`${directory}/next.json`, name(file));
  await query.processAllAvailable();
  milliseconds.push(performance.now() - start);
  if (file >= 1000) unlinkSync(name(file - 1000));
  if ((file + 1) % Math.floor(count / 10) === 0) {
    const { user, system } = process.cpuUsage();
    cpuSeconds.push((user + system) / 1e6);
  }
}
await query.stop();
const checkpointFiles = readdirSync(`${directory}/checkpoint`, { recursive: true }).length;
rmSync(directory, { recursive: true });
report({ milliseconds, cpuSeconds, checkpointFiles, peakRssMb: peakRssMb() });
