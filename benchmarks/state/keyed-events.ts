/** Events of a million users in JSON files, in no order: each user has as many. */
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { cacheDirectory } from "../cache.ts";

export interface KeyedEvents {
  readonly directory: string;
  readonly files: number;
  readonly events: number;
  readonly users: number;
}

const primes: readonly number[] = [7_919, 7_927, 7_933, 7_937];

/** Each file is a batch in which every user has one event. */
export async function generateKeyedEvents(
  users: number,
  files: number,
  log: (line: string) => void,
): Promise<KeyedEvents> {
  const directory = `${cacheDirectory}/keyed-events-${users}-${files}`;
  const made = { directory, files, users, events: users * files };
  if (existsSync(directory)) return made;
  log(`writing ${made.events} events to ${directory}`);
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (let file = 0; file < files; file++) {
    const out = createWriteStream(`${partial}/${file}.json`);
    // A prime that does not divide the number of users: the steps pass all of them.
    const step = primes[file % primes.length]!;
    let user = file;
    for (let from = 0; from < users; from += 10_000) {
      let text = "";
      for (let i = from; i < Math.min(users, from + 10_000); i++) {
        user = (user + step) % users;
        text += `{"user":${user},"amount":${(i + file) % 100}}\n`;
      }
      if (!out.write(text)) await new Promise((resolve) => out.once("drain", resolve));
    }
    out.end();
    await finished(out);
  }
  renameSync(partial, directory);
  return made;
}
