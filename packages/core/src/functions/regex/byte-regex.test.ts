import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { ByteRegex } from "./byte-regex.ts";

function groupsOf(regex: ByteRegex, text: string): readonly (string | null)[] | null {
  const bytes = encodeUtf8(`¿${text}?`);
  const [start, end] = [2, bytes.length - 1];
  if (!regex.find(bytes, start, end)) return null;
  return Array.from({ length: regex.groups + 1 }, (_, g) => {
    const [from, to] = [regex.captures[g * 2]!, regex.captures[g * 2 + 1]!];
    return from < 0 || to < 0 ? null : decodeUtf8(bytes, from, to);
  });
}
function re2Groups(pattern: string, text: string): readonly (string | null)[] | null {
  const matcher = RE2JS.compile(pattern).matcher(text);
  if (!matcher.find()) return null;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, g) => matcher.group(g) as string | null);
}

const atom = fc.constantFrom(
  "a",
  "b",
  "ab",
  ".",
  "[ab]",
  "[^a]",
  "\\d",
  "\\w",
  "\\S",
  "é",
  "(a)",
  "(a|ab)",
  "(?:b|ba|)",
  "(\\w+)",
  "(a?)",
);
const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{2,}");
const pattern = fc
  .tuple(fc.constantFrom("", "^"), fc.array(fc.tuple(atom, quantifier), { maxLength: 6 }), fc.constantFrom("", "$"))
  .map(([before, parts, after]) => before + parts.map(([a, q]) => a + q).join("") + after);
const text = fc.string({ unit: fc.constantFrom("a", "b", "a", "b", "1", "é", "😀", "\n"), maxLength: 14 });

describe("the matcher on bytes", () => {
  test("finds what re2js finds, with the same groups", () => {
    let compiled = 0;
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const regex = ByteRegex.compile(source);
        if (regex === undefined) return;
        compiled++;
        expect(groupsOf(regex, subject), `${source} on ${subject}`).toEqual(re2Groups(source, subject));
      }),
      { numRuns: 4000 },
    );
    expect(compiled).toBeGreaterThan(500);
  });

  test.each(["(a+)+", "(ab)*", "a{1000}", "(?i)a", "\\bword", "[é]", "a**", "(?<n>a)", "\\pL", "[[:alpha:]]", "("])(
    "leaves %s to re2js",
    (source) => {
      expect(ByteRegex.compile(source)).toBeUndefined();
    },
  );

  test.each([
    ["a*a*a*a*a*b", "a".repeat(20_000)],
    ["(\\w+)\\s*(\\w+)?\\s*(\\w+)?!", "a".repeat(20_000)],
    ["x.*y.*z", "xy".repeat(10_000)],
    [".*?.*?.*?q", "ab".repeat(10_000)],
    ["(a|b)(a|b)(a|b)(a|b)?(a|b)?[ab]*c", "ab".repeat(10_000)],
    ["a[^;]*,[^,]*!", "a,".repeat(10_000)],
  ])("takes linear time for %s", (source, subject) => {
    const regex = ByteRegex.compile(source)!;
    const bytes = encodeUtf8(subject);
    const started = performance.now();
    expect(regex.find(bytes, 0, bytes.length)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
