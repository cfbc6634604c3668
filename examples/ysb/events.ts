import { mkdirSync, writeFileSync } from "node:fs";

export const campaigns = 10;
const adsPerCampaign = 10;
const eventTypes = ["view", "click", "purchase"] as const;
const adTypes = ["banner", "modal", "sponsored-search", "mail", "mobile"] as const;

/** The same numbers in each run: a linear congruential generator (Numerical Recipes). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Which ad belongs to which campaign, as CSV. */
export function writeAds(file: string): void {
  const rows = Array.from({ length: campaigns * adsPerCampaign }, (_, ad) => `ad-${ad},campaign-${ad % campaigns}`);
  writeFileSync(file, `ad_id,campaign_id\n${rows.join("\n")}\n`);
}

/** Files of JSON events, ten milliseconds apart, some up to two seconds out of order. */
export function writeEvents(directory: string, files: number, eventsPerFile: number): void {
  mkdirSync(directory);
  const random = generator(42);
  let at = Date.parse("2026-03-01T12:00:00Z");
  for (let file = 0; file < files; file++) {
    const lines = Array.from({ length: eventsPerFile }, () => {
      at += 10;
      return JSON.stringify({
        user_id: `user-${random(1000)}`,
        page_id: `page-${random(100)}`,
        // One ad in a hundred is unknown: the join drops its events.
        ad_id: `ad-${random(campaigns * adsPerCampaign + 1)}`,
        ad_type: adTypes[random(adTypes.length)],
        event_type: eventTypes[random(eventTypes.length)],
        event_time: at - (random(20) === 0 ? random(2000) : 0),
        ip_address: "1.2.3.4",
      });
    });
    writeFileSync(`${directory}/events-${file}.json`, `${lines.join("\n")}\n`);
  }
}
