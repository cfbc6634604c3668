import { MillraceError } from "../errors/index.ts";

const unitMillis: ReadonlyMap<string, number> = new Map([
  ["microsecond", 0.001],
  ["millisecond", 1],
  ["ms", 1],
  ["second", 1000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
  ["week", 604_800_000],
]);

/**
 * Milliseconds of an interval such as `1 second` or `interval 1 minute 30 seconds`, or of a number of milliseconds.
 * @throws MillraceError INVALID_TRIGGER for negative intervals and for units that have no fixed length
 */
export function intervalMillis(interval: string | number): number {
  if (typeof interval === "number") {
    if (Number.isFinite(interval) && interval >= 0) return interval;
    throw new MillraceError("INVALID_TRIGGER", { reason: `an interval of ${interval} milliseconds is impossible` });
  }
  const words = interval
    .trim()
    .toLowerCase()
    .replace(/^interval\s+/, "")
    .split(/\s+/);
  let total = 0;
  for (let i = 0; i < words.length; i += 2) {
    const count = /^\d+(\.\d+)?$/.test(words[i] ?? "") ? Number(words[i]) : Number.NaN;
    const unit = words[i + 1] ?? "";
    const millis = unitMillis.get(unit) ?? unitMillis.get(unit.replace(/s$/, ""));
    if (Number.isNaN(count) || millis === undefined) {
      const reason = `'${interval}' is no interval; write a number and a unit such as '10 seconds'`;
      throw new MillraceError("INVALID_TRIGGER", { reason });
    }
    total += count * millis;
  }
  return Math.floor(total);
}
