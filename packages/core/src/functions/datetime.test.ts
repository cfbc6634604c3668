import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addMonths, civilFromDays, dayOfWeek, daysFromCivil, isoWeek } from "./calendar.ts";
import { compileDatetimePattern } from "./datetime-pattern.ts";
import { localTimestampText, parseTimestampText } from "./datetime-text.ts";
import { fixedMicros, parseInterval } from "./interval.ts";
import { fromLocal, timeZoneOf, toLocal } from "./time-zone.ts";

const utcMicros = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;

describe("calendar", () => {
  test("agrees with Date", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 2_000_000 }), (days) => {
        const date = new Date(days * 86_400_000);
        const { year, month, day } = civilFromDays(days);
        expect([year, month, day, dayOfWeek(days)]).toEqual([
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
          date.getUTCDay(),
        ]);
        expect(daysFromCivil(year, month, day)).toBe(days);
      }),
    );
  });
  test("months are added at the end of short months", () => {
    expect(addMonths(daysFromCivil(2024, 1, 31), 1)).toBe(daysFromCivil(2024, 2, 29));
    expect(addMonths(daysFromCivil(2024, 3, 31), -13)).toBe(daysFromCivil(2023, 2, 28));
  });
  test("ISO weeks at the turn of the year", () => {
    expect(isoWeek(daysFromCivil(2021, 1, 3))).toEqual({ year: 2020, week: 53 });
    expect(isoWeek(daysFromCivil(2024, 12, 30))).toEqual({ year: 2025, week: 1 });
  });
});

describe("time zones", () => {
  const zones = [
    "America/Los_Angeles",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
  ];
  test("offsets agree with Intl", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: -2_000_000_000, max: 4_000_000_000 }),
        (name, second) => {
          const parts = new Intl.DateTimeFormat("en-US", {
            timeZone: name,
            hourCycle: "h23",
            year: "numeric",
            month: "numeric",
            day: "numeric",
            hour: "numeric",
            minute: "numeric",
            second: "numeric",
          }).formatToParts(new Date(second * 1000));
          const n = (type: string): number => Number(parts.find((p) => p.type === type)!.value);
          const local = Date.UTC(n("year"), n("month") - 1, n("day"), n("hour"), n("minute"), n("second")) / 1000;
          expect(timeZoneOf(name).offsetSeconds(second)).toBe(local - second);
        },
      ),
    );
  });
  test("a local time in a gap moves forward, a doubled one is the earlier", () => {
    const zone = timeZoneOf("America/Los_Angeles");
    expect(fromLocal(zone, utcMicros("2024-03-10T02:30:00Z"))).toBe(utcMicros("2024-03-10T10:30:00Z"));
    expect(fromLocal(zone, utcMicros("2024-11-03T01:30:00Z"))).toBe(utcMicros("2024-11-03T08:30:00Z"));
    expect(fromLocal(zone, utcMicros("2024-11-03T02:30:00Z"))).toBe(utcMicros("2024-11-03T10:30:00Z"));
  });
  test("there and back outside of changes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 2_000_000_000 }), (name, second) => {
        const zone = timeZoneOf(name);
        const micros = BigInt(second) * 1_000_000n;
        const back = fromLocal(zone, toLocal(zone, micros));
        // In the doubled hour the earlier of the two times comes back.
        expect(back === micros || (back < micros && toLocal(zone, back) === toLocal(zone, micros))).toBe(true);
      }),
    );
  });
  test.each([
    ["+02:00", 7200],
    ["-8", -28800],
    ["GMT+1", 3600],
    ["UTC-01:30", -5400],
    ["Z", 0],
    ["PST", undefined],
  ])("%s is known", (id, fixed) => {
    expect(timeZoneOf(id).fixed).toBe(fixed);
  });
  test.each(["+19:00", "Mars/Base", "", "+1:99"])("'%s' is not", (id) => {
    expect(() => timeZoneOf(id)).toThrow(expect.objectContaining({ errorClass: "INVALID_TIMEZONE" }));
  });
});

describe("patterns", () => {
  const micros = utcMicros("2024-02-09T15:04:05.120Z") + 7n;
  test.each([
    ["yyyy-MM-dd HH:mm:ss.SSSSSS", "2024-02-09 16:04:05.120007"],
    ["y-M-d H:m:s", "2024-2-9 16:4:5"],
    ["EEE, d MMM yy hh:mm a", "Fri, 9 Feb 24 04:04 PM"],
    ["EEEE MMMM", "Friday February"],
    ["yyyyMMdd'T'HHmmssXXX", "20240209T160405+01:00"],
    ["HH 'o''clock' Z", "16 o'clock +0100"],
    ["DDD QQ F G VV O", "040 01 2 AD Europe/Berlin GMT+1"],
  ])("%s prints %s", (pattern, text) => {
    expect(compileDatetimePattern(pattern).format(micros, timeZoneOf("Europe/Berlin"))).toBe(text);
  });
  test.each([
    ["yyyy-MM-dd HH:mm:ss", "2024-02-09 15:04:05", "2024-02-09T15:04:05Z"],
    ["dd/MMM/yyyy:HH:mm:ss Z", "09/Feb/2024:15:04:05 +0200", "2024-02-09T13:04:05Z"],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2024-02-09T15:04:05.120Z", "2024-02-09T15:04:05.120Z"],
    ["yyyyMMddHHmm", "202402091504", "2024-02-09T15:04:00Z"],
    ["d.M.yyyy", "9.2.2024", "2024-02-09T00:00:00Z"],
    ["h:mm a", "3:04 PM", "1970-01-01T15:04:00Z"],
    ["yyyy-MM-dd[ HH:mm]", "2024-02-09", "2024-02-09T00:00:00Z"],
    ["yyyy-MM-dd[ HH:mm]", "2024-02-09 15:04", "2024-02-09T15:04:00Z"],
    ["yyyy-DDD", "2024-060", "2024-02-29T00:00:00Z"],
    ["yyyy-MM-dd", "2024-02-30", undefined],
    ["yyyy-MM-dd", "2024-02-09x", undefined],
  ])("%s reads %s", (pattern, text, iso) => {
    expect(compileDatetimePattern(pattern).parse(text, timeZoneOf("UTC"))).toBe(iso && utcMicros(iso));
  });
  test("what a full pattern prints it reads", () => {
    const pattern = compileDatetimePattern("yyyy-MM-dd HH:mm:ss.SSSSSS XXX");
    fc.assert(
      fc.property(fc.bigInt({ min: -62135596800000000n, max: 253402300799999999n }), (t) => {
        const zone = timeZoneOf("+05:30");
        expect(pattern.parse(pattern.format(t, zone), zone)).toBe(t);
      }),
    );
  });
});

test("timestamps print and read back", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -62135596800000000n, max: 253402300799999999n }),
      (t) => parseTimestampText(localTimestampText(t))?.localMicros === t,
    ),
  );
});

describe("intervals", () => {
  test.each([
    ["10 seconds", { months: 0, days: 0, micros: 10_000_000n }],
    ["INTERVAL 1 day 2 hours", { months: 0, days: 1, micros: 7_200_000_000n }],
    ["1 year -2 months 3 weeks", { months: 10, days: 21, micros: 0n }],
    ["1.5 seconds", { months: 0, days: 0, micros: 1_500_000n }],
    [" -0.25 Second 3 MILLISECONDS ", { months: 0, days: 0, micros: -247_000n }],
  ])("%s", (text, interval) => {
    expect(parseInterval(text)).toEqual(interval);
  });
  test.each([
    ["", "INPUT_IS_EMPTY"],
    ["interval", "INPUT_IS_EMPTY"],
    ["ten seconds", "UNRECOGNIZED_NUMBER"],
    ["10", "MISSING_UNIT"],
    ["10 parsecs", "INVALID_UNIT"],
    ["10 __proto__", "INVALID_UNIT"],
    ["1.5 days", "INVALID_FRACTION"],
    ["99999999999 days", "ARITHMETIC_EXCEPTION"],
  ])("'%s' is refused", (text, reason) => {
    expect(() => parseInterval(text)).toThrow(
      expect.objectContaining({ errorClass: `INVALID_INTERVAL_FORMAT.${reason}` }),
    );
  });
  test("days count 24 hours, months have no length", () => {
    expect(fixedMicros(parseInterval("1 day"))).toBe(86_400_000_000n);
    expect(fixedMicros(parseInterval("1 month"))).toBeUndefined();
  });
});
