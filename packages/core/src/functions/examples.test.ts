import { describe, expect, test } from "vitest";
import { evaluateSql, shown } from "./evaluate.test-support.ts";
import { functionRegistry } from "./registry.ts";

describe("documented examples", () => {
  for (const fn of functionRegistry.allFunctions()) {
    // Window functions have rows around them: execution/window/window.test.ts.
    for (const { sql, result } of fn.doc.group === "Window" ? [] : fn.doc.examples) {
      test(`${sql} is ${result}`, () => {
        expect(shown(evaluateSql(sql))).toBe(result);
      });
    }
  }
});

test("every function that users call has an example, except those that fail or make several rows", () => {
  const without = functionRegistry
    .allFunctions()
    .filter((fn) => fn.doc.examples.length === 0 && fn.doc.group !== "Internal" && fn.doc.group !== "Generators")
    .map((fn) => fn.name);
  expect(without).toEqual(["raise_error"]);
});
