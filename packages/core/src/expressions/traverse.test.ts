import { describe, expect, test } from "vitest";
import { intType } from "../types/data-type.ts";
import type { Expr } from "./expression.ts";
import { printExpression } from "./print.ts";
import { childrenOf, collect, depthOf, someExpression, transformDown, transformUp, withChildren } from "./traverse.ts";

const name = (part: string): Expr => ({ kind: "UnresolvedAttribute", parts: [part] });
const one: Expr = { kind: "Literal", value: 1, type: intType };
const call = (fn: string, ...args: Expr[]): Expr => ({ kind: "UnresolvedFunction", name: fn, args, distinct: false });
function chain(terms: number): Expr {
  let expr = name("a");
  for (let i = 0; i < terms; i++) expr = call("+", expr, one);
  return expr;
}

describe("walking and rewriting", () => {
  test("the filter of an aggregate is its last child", () => {
    const filtered: Expr = {
      kind: "UnresolvedFunction",
      name: "sum",
      args: [name("x")],
      distinct: false,
      filter: name("f"),
    };
    expect(childrenOf(filtered)).toEqual([name("x"), name("f")]);
    const other = withChildren(filtered, [name("y"), name("g")]);
    expect(printExpression(other)).toBe("sum(y) FILTER (WHERE g)");
  });

  test("a rewrite that changes nothing returns the same object", () => {
    const expr = call("and", call("=", name("a"), one), call("not", name("b")));
    expect(transformUp(expr, (e) => e)).toBe(expr);
    expect(transformDown(expr, (e) => e)).toBe(expr);
    expect(withChildren(expr, childrenOf(expr))).toBe(expr);
  });

  test("unchanged branches are kept", () => {
    const kept = call("not", name("b"));
    const result = transformUp(call("and", name("a"), kept), (e) =>
      e.kind === "UnresolvedAttribute" && e.parts[0] === "a" ? name("c") : e,
    );
    expect(printExpression(result)).toBe("(c AND (NOT b))");
    expect(childrenOf(result)[1]).toBe(kept);
  });

  test("up sees rewritten children, down rewrites the children of its result", () => {
    const expr = call("f", call("g", name("a")));
    const seen: string[] = [];
    transformUp(expr, (e) => {
      seen.push(printExpression(e));
      return e.kind === "UnresolvedAttribute" ? one : e;
    });
    expect(seen).toEqual(["a", "g(1)", "f(g(1))"]);
    const down = transformDown(expr, (e) =>
      e.kind === "UnresolvedFunction" && e.name === "f"
        ? call("h", name("b"), e.args[0]!)
        : e.kind === "UnresolvedAttribute"
          ? one
          : e,
    );
    expect(printExpression(down)).toBe("h(1, g(1))");
  });

  test("collect goes parents first, left to right; some stops at the first hit", () => {
    const expr = call("f", name("a"), call("g", name("b")), name("c"));
    expect(collect(expr, (e) => e.kind !== "Literal").map((e) => printExpression(e))).toEqual([
      "f(a, g(b), c)",
      "a",
      "g(b)",
      "b",
      "c",
    ]);
    let visited = 0;
    expect(
      someExpression(expr, (e) => {
        visited++;
        return e.kind === "UnresolvedAttribute";
      }),
    ).toBe(true);
    expect(visited).toBe(2);
  });

  test("chains of 100,000 operators need no stack", () => {
    const expr = chain(100_000);
    expect(depthOf(expr)).toBe(100_001);
    expect(transformUp(expr, (e) => e)).toBe(expr);
    const renamed = transformDown(expr, (e) => (e.kind === "UnresolvedAttribute" ? name("b") : e));
    expect(someExpression(renamed, (e) => e.kind === "UnresolvedAttribute" && e.parts[0] === "b")).toBe(true);
    expect(printExpression(renamed).startsWith("((((")).toBe(true);
    expect(collect(expr, (e) => e.kind === "Literal")).toHaveLength(100_000);
  });
});
