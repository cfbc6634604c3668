import { expect, test } from "vitest";
import { detectFormat } from "./log-format.ts";

test("tells log lines with a request time from those without", () => {
  const line = '1.2.3.4 - - [01/Mar/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 1 "-" "x"';
  expect(detectFormat(line, {})).toEqual({ kind: "common", hasLatency: false });
  expect(detectFormat(`${line} 0.001`, {})).toEqual({ kind: "common", hasLatency: true });
});

test("guesses the fields of JSON lines, nested ones too", () => {
  const line =
    '{"level":30,"time":1772323201000,"req":{"method":"GET","url":"/"},"res":{"statusCode":200},"responseTime":7}';
  expect(detectFormat(line, {})).toEqual({
    kind: "json",
    time: "time",
    timeUnit: "ms",
    route: "req.url",
    status: "res.statusCode",
    latency: "responseTime",
    latencyUnit: "ms",
  });
});

test("takes the fields that the user names, and knows seconds by their name", () => {
  const line = '{"when":"2026-03-01T00:00:01Z","path":"/","request_time":0.02}';
  expect(detectFormat(line, { time: "when" })).toMatchObject({ time: "when", timeUnit: "iso", latencyUnit: "s" });
  expect(detectFormat(line, { time: "when" })).toMatchObject({ status: undefined });
});

test("says what is missing", () => {
  expect(() => detectFormat('{"path":"/"}', {})).toThrow("--time-field");
  expect(() => detectFormat('{"time":1}', {})).toThrow("--route-field");
  expect(() => detectFormat("{", {})).toThrow("no JSON object");
  expect(() => detectFormat("hello", {})).toThrow("neither in the Common");
});
