/** One line of a log. What could not be read is null; `line` is the text. */
export interface LogLine {
  readonly at: Date | null;
  readonly route: string | null;
  readonly status: number | null;
  /** How long the request took; null where the log does not say. */
  readonly ms: number | null;
  readonly line: string | null;
}

/** Each part can end in one place only, so that a hostile line costs no more than its length. */
const pattern = new RegExp(
  [
    /^\S+ \S+ [^[]*/, // client, identity, user
    /\[(?<day>\d\d)\/(?<month>\w{3})\/(?<year>\d{4}):(?<time>\d\d:\d\d:\d\d) (?<zone>[+-]\d\d)(?<zoneMinutes>\d\d)\] /,
    /"\S+ (?<path>[^ "?]+)(?:[ ?][^"]*)?" /,
    /(?<status>\d{3}) (?:\d+|-)/,
    /(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?/, // referer and browser: Combined Log Format
    /(?: (?<seconds>\d+(?:\.\d+)?))?\s*$/,
  ]
    .map((part) => part.source)
    .join(""),
);
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Reads a line in the Common or Combined Log Format, with or without the seconds that the request took at its end. */
export function parseCommonLog(line: string | null): LogLine {
  const parts = line === null ? undefined : pattern.exec(line)?.groups;
  if (parts === undefined) return { at: null, route: null, status: null, ms: null, line };
  const { day, month, year, time, zone, zoneMinutes, path = "", status, seconds } = parts;
  const monthNumber = String(months.indexOf(month ?? "") + 1).padStart(2, "0");
  const at = new Date(`${year}-${monthNumber}-${day}T${time}${zone}:${zoneMinutes}`);
  return {
    at: Number.isNaN(at.getTime()) ? null : at,
    route: routeOf(path),
    status: Number(status),
    ms: seconds === undefined ? null : Number(seconds) * 1000,
    line,
  };
}

/** `/products/17?page=2` and `/products/42` are one route, `/products/:id`. */
export function routeOf(path: string): string {
  return path.replace(/\?.*$/, "").replace(/\/(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})(?=\/|$)/gi, "/:id");
}
