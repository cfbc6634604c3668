/** Word count of 1 GB of text: Millrace and Spark as a stream with a checkpoint, the others as a batch over the files. */
import { createReadStream, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { generateText, type Text } from "./generate.ts";

export async function* wordcount(options: BenchOptions): AsyncGenerator<Measure> {
  const text = generateText(options.smoke ? 4_000_000 : 1_000_000_000, options.log);
  yield* compare(options, {
    name: "wordcount",
    records: text.words,
    job: new URL("./millrace-job.ts", import.meta.url),
    parameters: [text.directory],
    peers: { script: new URL("./peers.py", import.meta.url), systems: ["spark", "duckdb", "polars"] },
    ...(options.smoke && { oracle: () => countWords(text) }),
  });
}

async function countWords(text: Text): Promise<readonly string[]> {
  const counts = new Map<string, number>();
  for (const file of readdirSync(text.directory)) {
    for await (const line of createInterface({ input: createReadStream(`${text.directory}/${file}`) })) {
      for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return [...counts].map(([word, count]) => `${word}|${count}`);
}
