import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { ByteResult } from "../kernels/bytes.ts";
import { LikePattern } from "./like-pattern.ts";
import {
  compileTextRegex,
  countMatches,
  groupOfMatches,
  parseReplacement,
  plainSeparator,
  replaceMatches,
  splitAtMatches,
} from "./text-regex.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "a", "1", "é", "😀", "\n"), maxLength: 14 });
/** Some run on bytes, those with a word boundary or a fold on re2js. */
const pattern = fc
  .array(fc.constantFrom("a", "b", "[ab]", "a*", "b+?", "\\d", "é", ".", "(a|é)?", "\\b", "(?i:A)", "(?:ab)*"), {
    maxLength: 4,
  })
  .map((parts) => parts.join(""));
const around = (subject: string): [Uint8Array, number, number] => {
  const bytes = encodeUtf8(`¿${subject}?`);
  return [bytes, 2, bytes.length - 1];
};

test("matches are replaced, counted and listed as re2js finds them, on bytes and on strings", () => {
  fc.assert(
    fc.property(pattern, text, (source, subject) => {
      const whole = `(${source})`;
      const regex = compileTextRegex(whole, "test");
      const result = new ByteResult();
      replaceMatches(result, regex, parseReplacement("<$1>", regex.groups)!, ...around(subject));
      const wanted = RE2JS.compile(whole).matcher(subject).replaceAll("<$1>");
      expect(decodeUtf8(result.bytes, result.start, result.end), `${source} on ${subject}`).toBe(wanted);
      const matcher = RE2JS.compile(source).matcher(subject);
      const found: string[] = [];
      while (matcher.find()) found.push(matcher.group() as string);
      expect(groupOfMatches(regex, 0, ...around(subject))).toEqual(found);
      expect(countMatches(regex, ...around(subject))).toBe(found.length);
    }),
    { numRuns: 3000 },
  );
});

test("parts are those of Java's String.split, at most as many as the limit says", () => {
  const parts = (source: string, limit: number, subject: string): string[] =>
    splitAtMatches(compileTextRegex(source, "split"), limit, ...around(subject));
  expect(parts("[ab]", -1, "1a2b3")).toEqual(["1", "2", "3"]);
  expect(parts("[ab]", 2, "1a2b3")).toEqual(["1", "2b3"]);
  expect(parts("", -1, "a😀b")).toEqual(["a", "😀", "b"]);
  expect(parts("(?i)X", -1, "éxéX")).toEqual(["é", "é", ""]);
  expect(parts(",", -1, "")).toEqual([""]);
});

test("a pattern of plain characters separates as it does as a regular expression", () => {
  const literal = fc.constantFrom("a", "b", "é", "😀", ",", " ", "-", "&", "\\|", "\\.", "\\t", "\\\\", "\\]", "\n");
  const subject = fc.string({
    unit: fc.constantFrom("a", "b", "é", "😀", "|", ".", "\t", "\\", "]", "t"),
    maxLength: 14,
  });
  fc.assert(
    fc.property(fc.array(literal, { minLength: 1, maxLength: 2 }), subject, (pieces, whole) => {
      const source = pieces.join("");
      const wanted = splitAtMatches(compileTextRegex(source, "split"), -1, ...around(whole));
      expect(whole.split(plainSeparator(source)!), `${source} on ${whole}`).toEqual(wanted);
    }),
    { numRuns: 1000 },
  );
  const others = ["", ".", "a|b", "a+", "\\s", "\\d", "[ab]", "^a", "a$", "\\Qa", "\\", "(a)", "a{2}", "\ud83d", "a\\"];
  for (const pattern of others) expect(plainSeparator(pattern), pattern).toBeUndefined();
});

test("replacements are Java's", () => {
  expect(parseReplacement("$12x\\$", 1)).toEqual([1, encodeUtf8("2x$")]);
  expect(parseReplacement("$2", 1)).toBeUndefined();
  expect(parseReplacement("a$", 1)).toBeUndefined();
  expect(parseReplacement("a\\", 1)).toBeUndefined();
});

test("LIKE takes the whole text", () => {
  const like = fc.string({ unit: fc.constantFrom("a", "b", "%", "_", "é"), maxLength: 7 });
  fc.assert(
    fc.property(like, text, (source, subject) => {
      const wanted = new RegExp(`^${source.replaceAll("%", ".*").replaceAll("_", ".")}$`, "su").test(subject);
      expect(new LikePattern(source, "\\").matches(...around(subject)), `${source} on ${subject}`).toBe(wanted);
    }),
    { numRuns: 5000 },
  );
  expect(new LikePattern("100\\%", "\\").matches(...around("100%"))).toBe(true);
  expect(new LikePattern("a#_%", "#").matches(...around("a_b"))).toBe(true);
});
