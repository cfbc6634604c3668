/** The same job as one writes it without an engine: lines, JSON.parse, objects and a Map. */
import { createReadStream, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { jobArguments, measureRuns } from "../job.ts";
import { type Event, isView, seen } from "./functions.ts";

const { runs, parameters } = jobArguments();
const [events] = parameters as [string];

await measureRuns(runs, async () => {
  const counts = new Map<string, number>();
  for (const file of readdirSync(events)) {
    for await (const line of createInterface({ input: createReadStream(`${events}/${file}`) })) {
      const row = seen(JSON.parse(line) as Event);
      if (isView(row)) counts.set(row.ad, (counts.get(row.ad) ?? 0) + 1);
    }
  }
  return [...counts].map(([ad, count]) => `${ad}|${count}`);
});
