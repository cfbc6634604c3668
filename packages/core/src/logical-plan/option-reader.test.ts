import { expect, test } from "vitest";
import { OptionReader } from "./option-reader.ts";

const reader = (options: Readonly<Record<string, string>>): OptionReader =>
  new OptionReader("csv", new Map(Object.entries(options)));

test("names are compared in lower case, and the first that is set counts", () => {
  expect(reader({ sep: ";" }).text("delimiter", "SEP")).toBe(";");
  expect(reader({}).text("sep")).toBeUndefined();
});

test.each([
  ["flag", () => reader({ header: "yes" }).flag("header", false), "'yes'. Give true or false."],
  ["count", () => reader({ n: "0" }).count("n"), "'0'. Give a whole number of at least 1."],
  ["bytes", () => reader({ n: "1 foo" }).bytes("n"), "'1 foo'. Give a number of bytes such as 64m."],
  ["time span", () => reader({ n: "5" }).milliseconds("n"), "'5'. Give a time span such as 7d or 1 hour."],
  ["choice", () => reader({ mode: "x" }).oneOf("mode", ["A", "b"], "A"), "'x'. Give one of A, b."],
  ["character", () => reader({ quote: "''" }).character(["quote"], '"'), "Give one character"],
  ["required", () => reader({}).required("host", "Set it."), "host"],
])("a wrong %s is an error that says what to give", (_, read, text) => {
  expect(read).toThrow(text);
  expect(read).toThrow("csv");
});

test("values are read, and without one the default holds", () => {
  const options = reader({ header: "TRUE", n: " 7 ", size: "2k", age: "2 minutes", mode: "B", quote: "" });
  expect(options.flag("header", false)).toBe(true);
  expect(options.count("n")).toBe(7);
  expect(options.bytes("size")).toBe(2048);
  expect(options.milliseconds("age")).toBe(120_000);
  expect(options.oneOf("mode", ["A", "b"], "A")).toBe("b");
  expect(options.character(["quote"], '"')).toBe("");
  expect(reader({}).count("n")).toBeUndefined();
  expect(reader({}).oneOf("mode", ["A", "b"], "A")).toBe("A");
});
