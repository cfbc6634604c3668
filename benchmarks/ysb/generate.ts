/**
 * The input of the Yahoo Streaming Benchmark: JSON events of about 240 bytes in 8 files, ten events per second and
 * millisecond of event time (10,000 a second), up to two seconds out of order; 100 campaigns of ten ads. Fields come in
 * varying order and some values are written with escapes, so that a scanner cannot rely on either. Deterministic.
 */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { cacheDirectory } from "../cache.ts";

export interface YsbInput {
  readonly events: string;
  readonly campaigns: string;
  readonly files: number;
  readonly total: number;
}

class Random {
  #state = 12345;
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 4294967296;
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  hex(n: number): string {
    let text = "";
    for (let i = 0; i < n; i++) text += this.below(16).toString(16);
    return text;
  }
  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-${this.hex(4)}-${this.hex(4)}-${this.hex(12)}`;
  }
}

const adTypes = ["banner", "modal", "sponsored-search", "mail", "mobile"];
const eventTypes = ["view", "click", "purchase"];
const orders = [
  [0, 1, 2, 3, 4, 5, 6],
  [4, 0, 2, 1, 5, 3, 6],
  [6, 5, 4, 3, 2, 1, 0],
];

/** Makes the files unless they are there. */
export function generateYsb(total: number, files = 8): YsbInput {
  const directory = `${cacheDirectory}/ysb-${total}`;
  const result: YsbInput = { events: `${directory}/events`, campaigns: `${directory}/campaigns.csv`, files, total };
  if (existsSync(`${directory}/complete`)) return result;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(result.events, { recursive: true });
  const random = new Random();
  const campaigns = Array.from({ length: 100 }, () => random.uuid());
  const ads = campaigns.flatMap((campaign) => Array.from({ length: 10 }, () => [random.uuid(), campaign] as const));
  writeFileSync(result.campaigns, `ad_id,campaign_id\n${ads.map((pair) => pair.join(",")).join("\n")}\n`);
  const users = Array.from({ length: 1000 }, () => random.uuid());
  const pages = Array.from({ length: 1000 }, () => random.uuid());
  const start = 1_700_000_000_000;
  let event = 0;
  for (let file = 0; file < files; file++) {
    const out = openSync(`${result.events}/part-${file}.json`, "w");
    const count = Math.floor((total * (file + 1)) / files) - Math.floor((total * file) / files);
    let lines: string[] = [];
    for (let i = 0; i < count; i++, event++) {
      const time = start + Math.floor(event / 10) - random.below(2000);
      const kind = eventTypes[random.below(3)]!;
      const escaped = event % 97 === 0;
      const fields = [
        `"user_id":"${users[random.below(1000)]!}"`,
        `"page_id":"${pages[random.below(1000)]!}"`,
        `"ad_id":"${ads[random.below(1000)]![0]}"`,
        `"ad_type":"${escaped ? "sponsored\\/search" : adTypes[random.below(5)]!}"`,
        `"event_type":"${escaped && kind === "view" ? "\\u0076iew" : kind}"`,
        `"event_time":${time}`,
        `"ip_address":"1.2.3.4"`,
      ];
      lines.push(`{${orders[event % 10 === 0 ? 1 + (event % 2) : 0]!.map((f) => fields[f]!).join(",")}}`);
      if (lines.length === 20_000) {
        writeSync(out, `${lines.join("\n")}\n`);
        lines = [];
      }
    }
    if (lines.length > 0) writeSync(out, `${lines.join("\n")}\n`);
    closeSync(out);
  }
  writeFileSync(`${directory}/complete`, "");
  return result;
}
