/** Numbers of bytes and spans of time as options and settings spell them. */

const byteUnits: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1 << 10],
  ["m", 1 << 20],
  ["g", 1 << 30],
  ["t", 2 ** 40],
]);

const timeUnits: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["millisecond", 1],
  ["s", 1000],
  ["second", 1000],
  ["m", 60_000],
  ["min", 60_000],
  ["minute", 60_000],
  ["h", 3_600_000],
  ["hour", 3_600_000],
  ["d", 86_400_000],
  ["day", 86_400_000],
  ["w", 604_800_000],
  ["week", 604_800_000],
]);

/** A number of bytes, at least 1: `1048576`, `64m`, `1 GB`; undefined when the text is none. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+)\s*([kmgt]?)(?:i?b)?\s*$/i.exec(text);
  const size = match === null ? 0 : Number(match[1]) * byteUnits.get(match[2]!.toLowerCase())!;
  return size >= 1 && Number.isSafeInteger(size) ? size : undefined;
}

/** A time span in milliseconds: `7d`, `1 hour`, `500ms`; undefined when the text is none. */
export function parseTimeSpan(text: string): number | undefined {
  const match = /^\s*(\d+)\s*([a-z]+)\s*$/i.exec(text);
  const unit = match === null ? undefined : timeUnits.get(match[2]!.toLowerCase().replace(/(?<=...)s$/, ""));
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** As {@link parseTimeSpan}, and a number alone counts milliseconds, as in Spark's settings. */
export function parseMillis(text: string): number | undefined {
  return /^\s*\d+\s*$/.test(text) ? Number(text) : parseTimeSpan(text);
}
