/**
 * Two streams of JSON events of 10,000 users: what was shown, and what was clicked. Each has 10,000 events per second of event time,
 * up to a second out of order, in 8 files. Deterministic.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cacheDirectory } from "../cache.ts";

const users = 10_000;
const files = 8;

export interface TwoStreams {
  readonly shown: string;
  readonly clicked: string;
}

/** Makes the files unless they are there. */
export function generateTwoStreams(events: number, log: (line: string) => void): TwoStreams {
  const directory = `${cacheDirectory}/two-streams-${events}`;
  const streams: TwoStreams = { shown: `${directory}/shown`, clicked: `${directory}/clicked` };
  if (existsSync(`${directory}/complete`)) return streams;
  log(`generating two streams of ${events} events`);
  rmSync(directory, { recursive: true, force: true });
  let state = 12345;
  const below = (n: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  for (const path of [streams.shown, streams.clicked]) {
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < files; file++) {
      const lines: string[] = [];
      for (let n = Math.floor((events * file) / files); n < Math.floor((events * (file + 1)) / files); n++) {
        const at = 1_700_000_000_000 + Math.floor(n / 10) - below(1000);
        lines.push(`{"user":"user-${below(users)}","at":${at},"n":${n}}`);
      }
      writeFileSync(`${path}/${file}.json`, `${lines.join("\n")}\n`);
    }
  }
  writeFileSync(`${directory}/complete`, "");
  return streams;
}
