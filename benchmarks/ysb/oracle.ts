/** The answer of the benchmark's query in plain TypeScript. */
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { YsbInput } from "./generate.ts";

type Event = Readonly<Record<string, unknown>> & { readonly ad_id: string; readonly event_time: number };

/** Lines of campaign, start of the window in milliseconds, number of events whose column has one of the values. */
export async function countEvents(
  input: YsbInput,
  column: string,
  values: readonly string[],
): Promise<readonly string[]> {
  const pairs = readFileSync(input.campaigns, "utf8").trim().split("\n").slice(1);
  const campaigns = new Map(pairs.map((pair) => pair.split(",") as [string, string]));
  const counts = new Map<string, number>();
  for (const file of readdirSync(input.events)) {
    for await (const line of createInterface({ input: createReadStream(`${input.events}/${file}`) })) {
      const event = JSON.parse(line) as Event;
      if (!values.includes(event[column] as string)) continue;
      const key = `${campaigns.get(event.ad_id)}|${event.event_time - (event.event_time % 10_000)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].map(([key, count]) => `${key}|${count}`);
}
