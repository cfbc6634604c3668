/**
 * Offsets of time zones. `Intl.DateTimeFormat` knows the rules but takes microseconds of time per call, so that offsets
 * are kept per bucket of six days: a bucket whose ends agree has one offset (zones change at most once in that time), and
 * the second of a change is searched once. Fixed offsets and UTC take no lookup.
 */
import { MillraceError } from "../errors/index.ts";
import { floorDiv, microsPerSecond } from "./calendar.ts";

export interface TimeZone {
  readonly id: string;
  /** Offset in seconds that holds always, or undefined. */
  readonly fixed: number | undefined;
  /** Seconds east of UTC at a time in seconds since the epoch. */
  offsetSeconds(epochSeconds: number): number;
}

/** Spark's three-letter names that are neither regions nor offsets in the zone database. */
const shortNames: Readonly<Record<string, string>> = {
  ACT: "Australia/Darwin",
  AET: "Australia/Sydney",
  AGT: "America/Argentina/Buenos_Aires",
  ART: "Africa/Cairo",
  AST: "America/Anchorage",
  BET: "America/Sao_Paulo",
  BST: "Asia/Dhaka",
  CAT: "Africa/Harare",
  CNT: "America/St_Johns",
  CST: "America/Chicago",
  CTT: "Asia/Shanghai",
  EAT: "Africa/Addis_Ababa",
  ECT: "Europe/Paris",
  IET: "America/Indiana/Indianapolis",
  IST: "Asia/Kolkata",
  JST: "Asia/Tokyo",
  MIT: "Pacific/Apia",
  NET: "Asia/Yerevan",
  NST: "Pacific/Auckland",
  PLT: "Asia/Karachi",
  PNT: "America/Phoenix",
  PRT: "America/Puerto_Rico",
  PST: "America/Los_Angeles",
  SST: "Pacific/Guadalcanal",
  VST: "Asia/Ho_Chi_Minh",
  EST: "-05:00",
  MST: "-07:00",
  HST: "-10:00",
};

const zones = new Map<string, TimeZone>();

/**
 * The zone of an IANA name (`Europe/Berlin`), an offset (`+02:00`, `-8`, `GMT+1`, `UTC+01:30`), `Z` or `UTC`.
 * @throws INVALID_TIMEZONE
 */
export function timeZoneOf(id: string): TimeZone {
  let zone = zones.get(id);
  if (zone === undefined) {
    zone = makeZone(id);
    zones.set(id, zone);
  }
  return zone;
}

export const utc: TimeZone = { id: "UTC", fixed: 0, offsetSeconds: () => 0 };

/** The zone, or undefined for an unknown one: for text that is data and may be malformed. */
export function findTimeZone(id: string): TimeZone | undefined {
  try {
    return timeZoneOf(id);
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}

const offsetGrammar =
  /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?$|^(?:UTC|GMT|UT)?([+-])(\d{2})(\d{2})$/;

function makeZone(id: string): TimeZone {
  const trimmed = id.trim();
  if (
    /^(?:Z|UTC|GMT|UT|Etc\/UTC|Etc\/GMT|Etc\/UCT|Zulu|Etc\/Zulu|UCT|Universal|Etc\/Universal|Greenwich)$/.test(trimmed)
  )
    return { ...utc, id };
  const offset = offsetGrammar.exec(trimmed);
  if (offset !== null) {
    const hours = Number(offset[2] ?? offset[6]);
    const minutes = Number(offset[3] ?? offset[7] ?? 0);
    const seconds = Number(offset[4] ?? 0);
    const total = hours * 3600 + minutes * 60 + seconds;
    if (total > 18 * 3600 || minutes > 59 || seconds > 59) throw invalidZone(id);
    const fixed = (offset[1] ?? offset[5]) === "-" ? -total : total;
    return { id, fixed, offsetSeconds: () => fixed };
  }
  const name = shortNames[trimmed] ?? trimmed;
  return name.startsWith("-") ? { ...makeZone(name), id } : regionZone(name, id);
}

function invalidZone(id: string): MillraceError {
  return new MillraceError("INVALID_TIMEZONE", { timeZone: `'${id}'` });
}

const bucketSeconds = 6 * 86400;
/** Instants that `Date` can hold; beyond them the offset of the nearest one is taken. */
const farthestSecond = 8.64e12;

function regionZone(name: string, id: string): TimeZone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {
    throw invalidZone(id);
  }
  const lookUp = (second: number): number => {
    const inRange = Math.max(-farthestSecond, Math.min(farthestSecond, second));
    const part = format.formatToParts(new Date(inRange * 1000)).find((p) => p.type === "timeZoneName")?.value ?? "GMT";
    const match = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(part);
    if (match === null) return 0;
    const total = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
    return match[1] === "-" ? -total : total;
  };
  const buckets = new Map<number, readonly [before: number, change: number, after: number]>();
  const bucketOf = (index: number): readonly [number, number, number] => {
    const start = index * bucketSeconds;
    const before = lookUp(start);
    const after = lookUp(start + bucketSeconds);
    if (before === after) return [before, start, after];
    let low = start;
    let high = start + bucketSeconds;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (lookUp(middle) === before) low = middle;
      else high = middle;
    }
    return [before, high, after];
  };
  let lastIndex = Number.NaN;
  let last: readonly [number, number, number] = [0, 0, 0];
  return {
    id,
    fixed: undefined,
    offsetSeconds(second) {
      const index = Math.floor(second / bucketSeconds);
      if (index !== lastIndex) {
        let found = buckets.get(index);
        if (found === undefined) {
          found = bucketOf(index);
          // Data with arbitrary times must not fill the memory: 60,000 buckets are a thousand years.
          if (buckets.size > 60_000) buckets.clear();
          buckets.set(index, found);
        }
        last = found;
        lastIndex = index;
      }
      return second < last[1] ? last[0] : last[2];
    },
  };
}

/** Microseconds since the epoch → microseconds of the zone's local time. */
export function toLocal(zone: TimeZone, micros: bigint): bigint {
  if (zone.fixed === 0) return micros;
  if (zone.fixed !== undefined) return micros + BigInt(zone.fixed) * microsPerSecond;
  return micros + BigInt(zone.offsetSeconds(Number(floorDiv(micros, microsPerSecond)))) * microsPerSecond;
}

/**
 * Local microseconds → microseconds since the epoch. A local time that a change of the clocks skips moves forward by the
 * gap; one that occurs twice is taken at the earlier offset (java.time's rule).
 */
export function fromLocal(zone: TimeZone, localMicros: bigint): bigint {
  if (zone.fixed === 0) return localMicros;
  if (zone.fixed !== undefined) return localMicros - BigInt(zone.fixed) * microsPerSecond;
  const second = Number(floorDiv(localMicros, microsPerSecond));
  const before = zone.offsetSeconds(second - 86400);
  const after = zone.offsetSeconds(second + 86400);
  let offset = before;
  if (before !== after && zone.offsetSeconds(second - before) !== before) {
    // The change lies before this local time unless the time falls into the gap, where the earlier offset stays.
    if (zone.offsetSeconds(second - after) === after) offset = after;
  }
  return localMicros - BigInt(offset) * microsPerSecond;
}
