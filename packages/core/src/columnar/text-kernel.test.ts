import fc from "fast-check";
import { expect, test } from "vitest";
import { stringType } from "../types/data-type.ts";
import { linesOf, splitColumn } from "./text-kernel.ts";
import { encodeUtf8, isAscii } from "./utf8.ts";
import { valueAt } from "./value-at.ts";
import type { BytesVector } from "./vector.ts";
import { createBuilder } from "./vector-builder.ts";

type Range = readonly [start: number, end: number];

/** The lines of a text, one character after the other. */
function plainLines(bytes: Uint8Array, from: number, end: number): Range[] {
  const lines: Range[] = [];
  let start = from;
  for (let p = from; p < end; p++) {
    if (bytes[p] !== 10 && bytes[p] !== 13) continue;
    lines.push([start, p]);
    if (bytes[p] === 13 && p + 1 < end && bytes[p + 1] === 10) p++;
    start = p + 1;
  }
  if (start < end) lines.push([start, end]);
  return lines;
}

function foundLines(bytes: Uint8Array, start: number, end: number): Range[] {
  const lines: Range[] = [];
  for (const { starts, ends, rows, ascii } of linesOf(bytes, start, end)) {
    expect(rows).toBeGreaterThan(0);
    for (let i = 0; i < rows; i++) {
      lines.push([starts[i]!, ends[i]!]);
      if (ascii) expect(isAscii(bytes, starts[i]!, ends[i]!)).toBe(true);
    }
  }
  return lines;
}

const word = fc.oneof(
  fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\n\r", "", "ä", "a\0b"),
  fc.nat(200).map((n) => "x".repeat(n)),
);

test("lines are those that a plain loop finds", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.nat(70), fc.nat(70), (words, before, behind) => {
      const text = encodeUtf8("\r".repeat(before) + words.join("") + "\n".repeat(behind));
      const [start, end] = [before, text.length - behind];
      expect(foundLines(text, start, end)).toEqual(plainLines(text, start, end));
    }),
    { numRuns: 500 },
  );
});

test("lines longer than what is looked at once, more than a batch of them, and line ends at every place", () => {
  const long = "x".repeat(300_000);
  for (const end of ["\n", "\r", "\r\n"]) {
    const texts = [
      `${long}${end}short${end}${long}ä${end}`,
      `a${end}`.repeat(20_000),
      end.repeat(20_000),
      ...Array.from({ length: 10 }, (_, n) => `${"y".repeat((128 << 10) - n)}${end}z${end}`),
    ];
    for (const text of texts) {
      const bytes = encodeUtf8(text);
      expect(foundLines(bytes, 0, bytes.length)).toEqual(plainLines(bytes, 0, bytes.length));
    }
  }
});

test("only lines without bytes above 0x7f are called ASCII", () => {
  const marks = (text: string): boolean[] =>
    [...linesOf(encodeUtf8(text), 0, encodeUtf8(text).length)].map(({ ascii }) => ascii);
  expect(marks("all plain\n")).toEqual([true]);
  expect(marks("not ä\nplain\n")).toEqual([false]);
  expect(marks(`ä${"x".repeat(200_000)}`)).toEqual([false]);
  expect(marks(`${"x".repeat(200_000)}ä`)).toEqual([false]);
  expect(marks(`ä\n${"plain\n".repeat(100_000)}`).at(-1)).toBe(true);
});

const texts = fc.array(
  fc.option(
    fc.oneof(
      fc.array(fc.constantFrom("a", ",", ", ", ",,", "ä", "abc", "aab", ""), { maxLength: 40 }).map((t) => t.join("")),
      fc.string({ maxLength: 30, unit: "grapheme" }),
      fc.nat(300).map((n) => `${"x".repeat(n)},`),
    ),
    { freq: 10 },
  ),
  { maxLength: 60 },
);
const separator = fc.constantFrom(",", ", ", ",,", "aa", "aab", "ä", "a,a,a");

function columnOf(values: readonly (string | null)[]): BytesVector {
  const builder = createBuilder(stringType, values.length);
  for (const value of values) builder.append(value);
  return builder.finish() as BytesVector;
}

/** Parts of each string, as texts. */
function splitUp(column: BytesVector, by: string): string[][] {
  const { count, starts, ends, counts } = splitColumn(column, column.length, encodeUtf8(by));
  const parts = { ...column, length: count, validity: null, starts, ends };
  let at = 0;
  const result = Array.from({ length: column.length }, (_, i) =>
    Array.from({ length: counts[i]! }, () => valueAt(parts, at++) as string),
  );
  expect(at).toBe(count);
  return result;
}

test("parts are those of String.split", () => {
  fc.assert(
    fc.property(texts, separator, (values, by) => {
      expect(splitUp(columnOf(values), by)).toEqual(values.map((value) => value?.split(by) ?? []));
    }),
    { numRuns: 500 },
  );
});

test("strings that lie apart, in any order, more than once, or are very long", () => {
  const values = Array.from({ length: 30_000 }, (_, i) => `${i},${"x".repeat(i % 50)},${i % 7 === 0 ? "," : ""}`);
  values.push("y,".repeat(400_000), "", "last");
  const column = columnOf(values);
  const chosen = [30_000, 5, 29_000, 3, 3, 3, 30_002, 30_001, 17, 30_000, ...Array.from({ length: 9000 }, () => 48)];
  for (const rows of [values.map((_, i) => i), chosen]) {
    const starts = Int32Array.from(rows, (i) => column.starts[i]!);
    const ends = Int32Array.from(rows, (i) => column.ends[i]!);
    const picked = { ...column, length: rows.length, starts, ends };
    expect(splitUp(picked, ",")).toEqual(rows.map((i) => values[i]!.split(",")));
  }
});

test("arrays that are not needed any more are used again", () => {
  const column = columnOf(["a b c", "d"]);
  const room = { starts: new Int32Array(100), ends: new Int32Array(100) };
  const parts = splitColumn(column, 2, encodeUtf8(" "), room);
  expect(parts.starts).toBe(room.starts);
  expect(splitColumn(column, 2, encodeUtf8(" ")).starts).not.toBe(room.starts);
});
