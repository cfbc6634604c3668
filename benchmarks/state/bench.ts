/** Streams with state: what it costs to keep something for each key, and to find it again. */
import { compare } from "../compare.ts";
import type { BenchOptions, Measure } from "../measure.ts";
import { generateKeyedEvents } from "./keyed-events.ts";
import { generateTwoStreams } from "./two-streams.ts";

export async function* state(options: BenchOptions): AsyncGenerator<Measure> {
  yield* transformWithState(options);
  yield* streamJoin(options);
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

/** Two streams joined by a key and a second of time: the rows of a key that lie outside of it cost nothing. */
async function* streamJoin(options: BenchOptions): AsyncGenerator<Measure> {
  const events = options.smoke ? 4000 : 1_000_000;
  const input = generateTwoStreams(events, options.log);
  yield* compare(
    { ...options, runs: Math.min(options.runs, 3) },
    {
      name: "stream-join",
      records: 2 * events,
      job: new URL("./join-job.ts", import.meta.url),
      parameters: [input.shown, input.clicked],
      peers: { script: new URL("./join-peers.py", import.meta.url), systems: ["spark"] },
    },
  );
}
