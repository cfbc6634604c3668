import { expect, test } from "vitest";
import { drawChart } from "./chart.ts";

test("costs that grow as the rows do are a line that rises by one decade a decade", () => {
  const points = [1_000_000, 10_000_000, 100_000_000].map((rows) => ({ rows, seconds: rows / 1e8 }));
  const svg = drawChart([{ title: "sort", points }]);
  const [, places] = /points="([^"]*)"/.exec(svg)!;
  expect(places).toBe("64,384 267,204 470,24");
  expect(svg).toContain(">sort</text>");
  expect(svg).toContain(">100 M</text>");
  expect(svg).toContain(">0.01</text>");
});
