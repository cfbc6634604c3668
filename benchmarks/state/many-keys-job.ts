/**
 * A state of many keys: how long a query takes to start with it, and what batches cost that change few of them:
 * `many-keys-job.ts KEYS CHANGED BATCHES`.
 */
import { createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { tmpdir } from "node:os";
import type { StreamingQueryProgress } from "millrace";
import { peakRssMb, report } from "../child.ts";
import { openSession } from "../job.ts";

const [keys, changed, batches] = process.argv.slice(2).map(Number) as [number, number, number];
const directory = mkdtempSync(`${tmpdir()}/many-keys-`);
mkdirSync(`${directory}/in`);
let file = 0;
/** A file of `count` keys, one line each: those from `first` on, `step` apart. */
async function write(first: number, count: number, step: number): Promise<void> {
  const path = `${directory}/next.json`;
  const out = createWriteStream(path);
  for (let from = 0; from < count; from += 10_000) {
    let text = "";
    for (let i = from; i < Math.min(count, from + 10_000); i++) text += `{"key":${(first + i * step) % keys}}\n`;
    if (!out.write(text)) await new Promise((resolve) => out.once("drain", resolve));
  }
  out.end();
  await finished(out);
  renameSync(path, `${directory}/in/${String(file++).padStart(7, "0")}.json`);
}

await using spark = await openSession(2);
spark.conf.set("spark.sql.shuffle.partitions", "2");
const start = () =>
  spark.readStream
    .schema({ key: "bigint" })
    .option("maxFilesPerTrigger", 1)
    .json(`${directory}/in`)
    .groupBy("key")
    .count()
    .writeStream.outputMode("update")
    .format("noop")
    .option("checkpointLocation", `${directory}/checkpoint`)
    .start();

const filling = 10;
for (let part = 0; part < filling; part++) await write((part * keys) / filling, keys / filling, 1);
{
  await using query = await start();
  await query.processAllAvailable();
}

const progress: StreamingQueryProgress[] = [];
const milliseconds: number[] = [];
await write(0, changed, Math.floor(keys / changed));
const startedAt = performance.now();
const query = await start();
await query.processAllAvailable();
const restartMs = performance.now() - startedAt;
for (let batch = 1; batch <= batches; batch++) {
  const before = performance.now();
  await write(batch, changed, Math.floor(keys / changed));
  await query.processAllAvailable();
  milliseconds.push(performance.now() - before);
  progress.push(query.lastProgress!);
}
const { numRowsTotal: keysAtEnd, numRowsUpdated: updated } = progress.at(-1)!.stateOperators[0]!;
const commitMs = progress.map(({ stateOperators }) => stateOperators[0]!.commitTimeMs);
await query.stop();
rmSync(directory, { recursive: true });
report({ restartMs, commitMs, milliseconds, keys: keysAtEnd, updated, peakRssMb: peakRssMb() });
