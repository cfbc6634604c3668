/** Streams with state: what it costs to keep something for each key. */
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { generateKeyedEvents } from "./keyed-events.ts";

export async function* state(options: BenchOptions): AsyncGenerator<Measure> {
  yield* transformWithState(options);
}

async function* transformWithState(options: BenchOptions): AsyncGenerator<Measure> {
  const users = options.smoke ? 10_000 : 1_000_000;
  const { directory, events, files } = await generateKeyedEvents(users, 4, options.log);
  let amount = 0;
  for (let file = 0; file < files; file++) for (let i = 0; i < users; i++) amount += (i + file) % 100;
  yield* compare(options, {
    name: "transform-with-state",
    records: events,
    job: new URL("./transform-with-state-job.ts", import.meta.url),
    parameters: [directory],
    oracle: () => [`${users}|${events}|${amount}`],
  });
}
