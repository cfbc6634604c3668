/**
 * JSON events of which every id comes at least twice, the second time within four seconds of the first: 10,000 events per second
 * of event time, in 8 files. Deterministic.
 */
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { cacheDirectory } from "../cache.ts";

const files = 8;
/** Every second event has a new id; those between repeat, in another order, the ids of the block before. */
const idsOfBlock = 10_000;

export interface RepeatedEvents {
  readonly directory: string;
  /** How many ids there are, and the sum of their numbers. */
  readonly answer: string;
}

/** Makes the files unless they are there. */
export async function generateRepeatedEvents(events: number, log: (line: string) => void): Promise<RepeatedEvents> {
  const directory = `${cacheDirectory}/repeated-events-${events}`;
  const ids = events / 2;
  const made = { directory, answer: `${ids}|${(ids * (ids - 1)) / 2}` };
  if (existsSync(directory)) return made;
  log(`writing ${events} events to ${directory}`);
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  let n = 0;
  for (let file = 0; file < files; file++) {
    const out = createWriteStream(`${partial}/${file}.json`);
    for (const to = Math.floor((events * (file + 1)) / files); n < to;) {
      let text = "";
      for (const end = Math.min(to, n + 10_000); n < end; n++) {
        const at = 1_700_000_000_000 + Math.floor(n / 10);
        text += `{"id":"event-${idOf(n)}","at":${at},"n":${n}}\n`;
      }
      if (!out.write(text)) await new Promise((resolve) => out.once("drain", resolve));
    }
    out.end();
    await finished(out);
  }
  renameSync(partial, directory);
  return made;
}

function idOf(n: number): number {
  const id = n >> 1;
  if ((n & 1) === 0) return id;
  const block = Math.floor(id / idsOfBlock);
  if (block === 0) return id;
  return (block - 1) * idsOfBlock + (((id % idsOfBlock) * 7919 + block) % idsOfBlock);
}
