import { expect, test } from "vitest";
import { both, either, identifier, joinCode, js, negated, number } from "./code.ts";
import type { Code } from "./emitter.ts";

test("text cannot become code", () => {
  const forged = { __code: "process.exit()" } as Code;
  expect(() => js`${forged}`).toThrow("INTERNAL_ERROR");
  expect(() => js`${"x" as unknown as Code}`).toThrow("INTERNAL_ERROR");
  expect(() => (js as unknown as (s: readonly string[]) => Code)(["alert()"])).toThrow("INTERNAL_ERROR");
  expect(() => number("1); x(" as unknown as number)).toThrow("INTERNAL_ERROR");
  expect(() => identifier("a b", 1)).toThrow("INTERNAL_ERROR");
  expect(() => identifier("v", 1.5)).toThrow("INTERNAL_ERROR");
});

test("numbers print so that they read back", () => {
  const printed = [0, -0, 1.5, -3, 5e-324, NaN, Infinity, -Infinity, 5n, -5n].map((value) => number(value).__code);
  expect(printed).toEqual(["0", "(-0)", "1.5", "(-3)", "5e-324", "NaN", "Infinity", "(-Infinity)", "5n", "(-5n)"]);
});

test("constants fold", () => {
  const x = identifier("v", 1);
  expect([either(js.false, x), both(js.true, x), either(x, js.true), negated(js.false)]).toEqual([
    x,
    x,
    js.true,
    js.true,
  ]);
  expect(joinCode([x, x], ", ").__code).toBe("v1, v1");
});
