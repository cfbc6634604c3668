import { expect, test } from "vitest";
import { assertEqual } from "./compare.ts";
import type { Measure } from "./measure.ts";
import { printTable, tableLine } from "./table.ts";

const ours: Measure = {
  work: "wordcount",
  system: "millrace",
  threads: 2,
  records_per_s: 34_000_000,
  peak_rss_mb: 250,
};
const peer = (system: string, ratio: number): Measure => ({ ...ours, system, ratio, peak_rss_mb: 900 });

test("a row says what was reached against whom, and whether that is enough", () => {
  expect(tableLine({ ours, others: [peer("spark", 4.2), peer("duckdb", 1)] })).toBe(
    "| wordcount | 2 | 34.00 M records/s | 250 MB | 4.2 × spark (900 MB); 1 × duckdb (900 MB) | ≥ 4 × spark, ≥ 1 × duckdb | ✓ |",
  );
  expect(tableLine({ ours, others: [peer("spark", 3.9)] })).toMatch(/\| ≥ 4 × spark \| ✗ \|$/);
  expect(tableLine({ ours, others: [] })).toMatch(/\| {2}\| {2}\| {2}\|$/);
});

test("limits of memory and time are judged too", () => {
  const delay: Measure = { work: "loop-delay, json", system: "millrace", threads: 2, ms_p50: 0.1, ms_p99: 21 };
  expect(tableLine({ ours: delay, others: [] })).toMatch(/≤ 20 ms \(p99\) \| ✗ \|$/);
  const memory: Measure = { work: "ysb, 40 M events", system: "millrace", threads: 2, peak_rss_mb: 400 };
  expect(tableLine({ ours: memory, others: [] })).toMatch(/≤ 400 MB \| ✓ \|$/);
});

test("the table goes on after a benchmark that fails", async () => {
  async function* failing(): AsyncGenerator<Measure> {
    yield ours;
    throw new Error("answers differ");
  }
  async function* working(): AsyncGenerator<Measure> {
    yield ours;
    yield peer("spark", 4.2);
    yield { ...ours, work: "range" };
  }
  const benchmarks = new Proxy({}, { get: (_, name) => (name === "ysb" ? failing : working) });
  const [lines, complaints]: [string[], string[]] = [[], []];
  const log = (line: string): void => void complaints.push(line);
  const options = {
    threads: 2,
    against: new Set(["spark"] as const),
    rounds: 1,
    runs: 1,
    count: 1,
    minutes: 1,
    json: false,
    smoke: false,
    log,
  };
  await printTable(benchmarks, options, (line) => lines.push(line));
  expect(complaints).toContain("ysb: answers differ");
  expect(lines).toContain("| ysb | 2 | failed | | | | ✗ |");
  const wordcount = lines.filter((line) => line.startsWith("| wordcount |"));
  expect(wordcount.every((line) => line.includes("4.2 × spark"))).toBe(true);
  expect(lines.filter((line) => line.startsWith("| range |"))).not.toEqual([]);
});

test("answers are equal whatever their order and however many digits a number has", () => {
  assertEqual("work", "spark", ["b|0.5", "a|1"], ["a|1.000000", "b|0.500000"]);
  expect(() => assertEqual("work", "spark", ["a|1"], ["a|2"])).toThrow("work: Millrace answers a|1, spark a|2");
  expect(() => assertEqual("work", "spark", ["a|1"], [])).toThrow("spark nothing more");
});
