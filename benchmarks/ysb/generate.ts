/**
 * The input of the Yahoo Streaming Benchmark: JSON events of about 240 bytes in 8 files, ten events per second and
 * millisecond of event time (10,000 a second), up to two seconds out of order; 100 campaigns of ten ads. Fields come in
 * varying order and some values are written with escapes, so that a scanner cannot rely on either. Deterministic.
 *
 * Shapes: `shuffled` gives each event an order of its own, `escaped` writes an escape into three values of every event, and
 * `nested` puts what the query does not read into objects and arrays that hold its names too.
 */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { cacheDirectory } from "../cache.ts";

export type YsbShape = "plain" | "shuffled" | "escaped" | "nested";

export interface YsbInput {
  readonly events: string;
  readonly campaigns: string;
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
const escapedType = "sponsored\\/search";
const eventTypes = ["view", "click", "purchase"];
const orders = [
  [0, 1, 2, 3, 4, 5, 6],
  [4, 0, 2, 1, 5, 3, 6],
  [6, 5, 4, 3, 2, 1, 0],
];

interface YsbOptions {
  readonly files?: number;
  readonly shape?: YsbShape;
  readonly log?: (line: string) => void;
}

/** Makes the files unless they are there. */
export function generateYsb(total: number, { files = 8, shape = "plain", log }: YsbOptions = {}): YsbInput {
  const directory = `${cacheDirectory}/ysb-${total}${shape === "plain" ? "" : `-${shape}`}`;
  const result: YsbInput = { events: `${directory}/events`, campaigns: `${directory}/campaigns.csv` };
  if (existsSync(`${directory}/complete`)) return result;
  log?.(`generating ${total} events (${shape})`);
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
      lines.push(
        write(event, random, shape, {
          user: users[random.below(1000)]!,
          page: pages[random.below(1000)]!,
          ad: ads[random.below(1000)]![0],
          adType: event % 97 === 0 ? escapedType : adTypes[random.below(5)]!,
          kind,
          time,
        }),
      );
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

interface Values {
  readonly user: string;
  readonly page: string;
  readonly ad: string;
  readonly adType: string;
  readonly kind: string;
  readonly time: number;
}

/** One event as a line. */
function write(event: number, random: Random, shape: YsbShape, values: Values): string {
  const { user, page, ad, time } = values;
  const escaped = shape === "escaped";
  const kind = escaped || (event % 97 === 0 && values.kind === "view") ? withEscape(values.kind) : values.kind;
  if (shape === "nested") {
    const view = `{"user_id":"${user}","event_type":"open","at":[${time},{"ad_id":null}]}`;
    const rest = `"page":{"page_id":"${page}","view":${view}},"ip":[1,2,3,4]`;
    return `{"ad_id":"${ad}",${rest},"event_type":"${kind}","ad_type":"${values.adType}","event_time":${time}}`;
  }
  const fields = [
    `"user_id":"${user}"`,
    `"page_id":"${page}"`,
    `"ad_id":"${escaped ? withEscape(ad) : ad}"`,
    `"ad_type":"${escaped ? escapedType : values.adType}"`,
    `"event_type":"${kind}"`,
    `"event_time":${time}`,
    `"ip_address":"1.2.3.4"`,
  ];
  const order = shape === "shuffled" ? shuffled(random) : orders[event % 10 === 0 ? 1 + (event % 2) : 0]!;
  return `{${order.map((field) => fields[field]!).join(",")}}`;
}

/** The text with its first character written as its number. */
function withEscape(text: string): string {
  return `\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}${text.slice(1)}`;
}

function shuffled(random: Random): readonly number[] {
  const order = [0, 1, 2, 3, 4, 5, 6];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
