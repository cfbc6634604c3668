import { expect, test } from "vitest";
import { growthOf, type Sample } from "./verdict.ts";

const sample = (minute: number, changed: Partial<Sample>): Sample => ({
  minute,
  rowsPerSecond: 50_000,
  rssMb: 300,
  heapMb: 40,
  buffersMb: 20,
  stateRows: 8500,
  checkpointMb: 60,
  checkpointFiles: 400,
  sessionsClosed: 30_000,
  cores: 0.2,
  batchMsP50: 40,
  batchMsMax: 90,
  ...changed,
});
const minutes = (rss: (minute: number) => number): Sample[] =>
  Array.from({ length: 30 }, (_, i) => sample(i + 1, { rssMb: rss(i + 1) }));
const rssOf = (samples: readonly Sample[]) => growthOf(samples).find(({ figure }) => figure === "rssMb")!;

test("growth before the process is warm and single bad minutes are no growth", () => {
  const found = rssOf(minutes((minute) => (minute < 5 ? 100 + 40 * minute : minute === 20 ? 900 : 300 + (minute % 3))));
  expect(found).toMatchObject({ median: 301, flat: true });
  expect(Math.abs(found.perMinute)).toBeLessThan(0.1);
});

test("a leak of 2 MB a minute is growth", () => {
  const found = rssOf(minutes((minute) => 300 + 2 * minute + 15 * (minute % 2)));
  expect(found.flat).toBe(false);
  expect(found.perMinute).toBeCloseTo(2);
});

test("one sample has not grown", () => {
  expect(growthOf([sample(1, {})]).every(({ flat }) => flat)).toBe(true);
});
