/** The life of one query: it starts, is killed in the middle of a batch, starts again, and the numbers are right. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { count, SparkSession, sum, window } from "millrace";
import { workingDirectory } from "../working-directory.ts";

const directory = workingDirectory("structured-lifecycle");
const schema = { id: "string", at: "timestamp", shop: "string", cents: "bigint" } as const;
mkdirSync(`${directory}/purchases`);
const files = [
  [
    ["a", "12:00:01", "Delft", 250],
    ["b", "12:00:04", "Gouda", 400],
    ["c", "12:00:08", "Delft", 125],
  ],
  [
    ["d", "12:00:14", "Gouda", 300],
    ["e", "12:00:07", "Gouda", 75],
    ["f", "12:00:25", "Delft", 990],
  ],
  [
    ["g", "12:00:33", "Gouda", 220],
    ["h", "12:00:36", "Delft", 180],
  ],
  // i comes when its window has been written: it is dropped, and counted as dropped.
  [
    ["i", "12:00:04", "Delft", 100],
    ["j", "12:00:52", "Delft", 60],
  ],
] as const;
for (const [i, rows] of files.entries()) {
  const lines = rows.map(([id, time, shop, cents]) => JSON.stringify({ id, at: `2026-03-01T${time}Z`, shop, cents }));
  writeFileSync(`${directory}/purchases/${i}.json`, `${lines.join("\n")}\n`);
}

/** Runs the query as a process; tells how it ended. */
function run(...args: readonly string[]): void {
  const program = join(import.meta.dirname, "query.ts");
  const { stdout, status, signal } = spawnSync(process.execPath, [...process.execArgv, program, directory, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(stdout);
  console.log(`  ended with ${signal ?? status}`);
}

const batchesIn = (log: string): string =>
  readdirSync(`${directory}/checkpoint/${log}`)
    .filter((name) => /^\d+$/.test(name))
    .join(" ");

console.log("The first run meets event h and is killed:");
run("h");

console.log("The checkpoint:");
console.log(`  offsets/ ${batchesIn("offsets")}   what each batch reads, written before it writes`);
console.log(`  commits/ ${batchesIn("commits")}     what is done`);
const [, metadata] = readFileSync(`${directory}/checkpoint/offsets/2`, "utf8").split("\n");
const { batchWatermarkMs } = JSON.parse(metadata ?? "{}");
console.log(`  offsets/2 holds the watermark of its batch: ${new Date(batchWatermarkMs).toISOString()}`);

console.log("The second run repeats batch 2 with the same rows and the same watermark, and goes on:");
run();
console.log(`  commits/ ${batchesIn("commits")}`);

await using spark = await SparkSession.builder.appName("structured-lifecycle").getOrCreate();

console.log("What the query wrote:");
const written = spark.read
  .schema({ start: "timestamp", shop: "string", purchases: "bigint", cents: "bigint" })
  .json(`${directory}/turnover`);
await written.orderBy("start", "shop").show();

console.log("The same as a batch over all rows but the late one, for the windows that are final:");
await spark.read
  .schema(schema)
  .json(`${directory}/purchases`)
  .filter((p) => p.id.neq("i"))
  .groupBy(window("at", "10 seconds"), "shop")
  .agg((p) => ({ purchases: count(), cents: sum(p.cents) }))
  .filter("window.end <= TIMESTAMP'2026-03-01 12:00:42'")
  .select("window.start", "shop", "purchases", "cents")
  .orderBy("start", "shop")
  .show();
