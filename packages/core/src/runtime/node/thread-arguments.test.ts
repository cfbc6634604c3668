import { expect, test } from "vitest";
import { threadArguments } from "./thread-arguments.ts";

test("a thread takes the options of a program in a file", () => {
  expect(threadArguments(["--max-old-space-size=100", "--import", "tsx"])).toBe(undefined);
});

test("a thread of a program given as text takes what says how modules are found", () => {
  const given = [
    "--max-old-space-size=100",
    "-C",
    "a",
    "--conditions=b",
    "--input-type=module",
    "--eval",
    "import 'c'",
  ];
  expect(threadArguments(given)).toEqual(["-C", "a", "--conditions=b"]);
  expect(threadArguments(["-p", "1 + 1"])).toEqual([]);
});
