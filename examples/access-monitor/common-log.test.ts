import { describe, expect, test } from "vitest";
import { parseCommonLog, routeOf } from "./common-log.ts";

const unreadable = { at: null, route: null, status: null, ms: null };

describe("parseCommonLog", () => {
  test("reads the Common Log Format", () => {
    expect(
      parseCommonLog('127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326'),
    ).toMatchObject({ at: new Date("2000-10-10T20:55:36Z"), route: "/apache_pb.gif", status: 200, ms: null });
  });

  test("reads the Combined Log Format, with quotes in the browser's name and the request time at the end", () => {
    const line = String.raw`::1 - - [01/Mar/2026:00:00:01 +0000] "POST /cart?x=1 HTTP/2.0" 503 - "-" "a \"b\" c" 0.250`;
    expect(parseCommonLog(line)).toEqual({
      at: new Date("2026-03-01T00:00:01Z"),
      route: "/cart",
      status: 503,
      ms: 250,
      line,
    });
  });

  test.each([
    ["an empty line", ""],
    ["a torn line", '10.0.0.1 - - [01/Mar/2026:00:00:01 +0000] "GET /car'],
    ["no month of that name", '- - - [01/Foo/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 1'],
    ["a request that is no HTTP", String.raw`- - - [01/Mar/2026:00:00:01 +0000] "\x16\x03\x01" 400 150`],
  ])("keeps the text of %s", (_name, line) => {
    expect(parseCommonLog(line).at).toBeNull();
    expect(parseCommonLog(line).line).toBe(line);
  });

  test("takes no longer than the line is", () => {
    const hostile = `- - - ${"[".repeat(50_000)} "${"GET /".repeat(50_000)}`;
    const started = performance.now();
    expect(parseCommonLog(hostile)).toEqual({ ...unreadable, line: hostile });
    expect(performance.now() - started).toBeLessThan(500);
  });
});

test("routeOf puts :id for numbers and ids", () => {
  expect(routeOf("/products/17")).toBe("/products/:id");
  expect(routeOf("/a/1/2/b?c=3")).toBe("/a/:id/:id/b");
  expect(routeOf("/u/550e8400-e29b-41d4-a716-446655440000/edit")).toBe("/u/:id/edit");
  expect(routeOf("/v2/items")).toBe("/v2/items");
});
