import { expect, test } from "vitest";
import { blessOutput, compareOutput } from "./compare-output.ts";

test("equal lines agree, whatever white space ends them", () => {
  expect(compareOutput("a\nb\n", "a  \nb\r\n\n")).toBeUndefined();
});

test("the first differing line is named", () => {
  expect(compareOutput("a\nb\n", "a\nc\n")).toContain("line 2: expected\n    b");
});

test("missing and surplus lines are differences", () => {
  expect(compareOutput("a\nb\n", "a\n")).toContain("line 2: the output ends");
  expect(compareOutput("a\n", "a\nb\n")).toContain("line 2: nothing more was expected");
});

test("a line with a tilde is a regular expression for the whole line", () => {
  expect(compareOutput("~took \\d+ ms\n", "took 12 ms\n")).toBeUndefined();
  expect(compareOutput("~took \\d+ ms\n", "it took 12 ms\n")).toContain("line 1");
});

test("blessing keeps the expressions that still match", () => {
  expect(blessOutput("~took \\d+ ms\n~x\nold\n", "took 12 ms\nnew\nold\n\n")).toBe("~took \\d+ ms\nnew\nold\n");
});

test("blessed text accepts the output it was made from", () => {
  const printed = "~ a (b)\nplain\n";
  expect(compareOutput(blessOutput("", printed), printed)).toBeUndefined();
});
