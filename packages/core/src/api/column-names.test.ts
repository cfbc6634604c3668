import fc from "fast-check";
import { expect, test } from "vitest";
import { columnNamed, parseColumnName } from "./column-names.ts";

test.each([
  ["a", ["a"]],
  ["a.b.c", ["a", "b", "c"]],
  ["`a.b`.c", ["a.b", "c"]],
  ["`a``b`", ["a`b"]],
  ["a.`b c`", ["a", "b c"]],
  ["with space\nand line", ["with space\nand line"]],
])("%s", (name, parts) => expect(parseColumnName(name)).toEqual(parts));

test.each(["", ".", "a.", ".a", "a..b", "`a", "a`", "`a`b", "a`b`", "`a`."])("%s is refused", (name) => {
  expect(() => parseColumnName(name)).toThrow(expect.objectContaining({ errorClass: "INVALID_ATTRIBUTE_NAME_SYNTAX" }));
});

test("any name can be quoted", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (parts) => {
      const quoted = parts.map((part) => `\`${part.replaceAll("`", "``")}\``).join(".");
      expect(parseColumnName(quoted)).toEqual(parts);
    }),
  );
});

test("stars", () => {
  expect(columnNamed("*")).toEqual({ kind: "UnresolvedStar", target: [] });
  expect(columnNamed("t.*")).toEqual({ kind: "UnresolvedStar", target: ["t"] });
});
