import { expect, test } from "vitest";
import { limitOffsets } from "./limit-offsets.ts";
import { offsetsOf, offsetsToJson, parseOffsets, parsePartitions } from "./offsets.ts";
import { sourceOptions } from "./source-options.ts";

test("offsets are Spark's JSON, topics and partitions in order", () => {
  const text = '{"b":{"10":5,"2":7},"a":{"0":-2}}';
  expect(offsetsToJson(parseOffsets(text)!)).toBe('{"a":{"0":-2},"b":{"2":7,"10":5}}');
  expect(offsetsToJson(offsetsOf([]))).toBe("{}");
  for (const wrong of [
    "",
    "[]",
    "1",
    '{"a":1}',
    '{"a":{"x":1}}',
    '{"a":{"0":"1"}}',
    '{"a":{"0":-3}}',
    '{"a":{"0":1.5}}',
  ]) {
    expect(parseOffsets(wrong), wrong).toBeUndefined();
  }
  expect(parsePartitions('{"a":[1,0]}')).toEqual([
    { topic: "a", partition: 0 },
    { topic: "a", partition: 1 },
  ]);
  expect(parsePartitions('{"a":["0"]}')).toBeUndefined();
});

test("a limit is divided by what partitions have, one at least", () => {
  const begin = parseOffsets('{"t":{"0":0,"1":0,"2":100,"3":9}}')!;
  const end = parseOffsets('{"t":{"0":900,"1":100,"2":101,"3":9}}')!;
  expect(offsetsToJson(limitOffsets(begin, end, 100))).toBe('{"t":{"0":89,"1":9,"2":101,"3":9}}');
  expect(limitOffsets(begin, end, 2000)).toBe(end);
});

function options(given: Readonly<Record<string, string>>, streaming = false): () => unknown {
  const all = { "kafka.bootstrap.servers": "localhost:9092", subscribe: "t", ...given };
  return () =>
    sourceOptions(new Map(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value])), streaming);
}

test("options that make no sense are refused", () => {
  expect(options({})()).toMatchObject({
    starting: "earliest",
    ending: "latest",
    failOnDataLoss: true,
    committed: false,
  });
  expect(options({}, true)()).toMatchObject({ starting: "latest" });
  expect(options({ assign: '{"t":[0]}' })).toThrow("Give exactly one of");
  expect(options({ startingOffsets: "latest" })).toThrow("INVALID_OPTION");
  expect(options({ endingOffsets: "latest" }, true)).toThrow("A stream has no end");
  expect(options({ "kafka.bootstrap.servers": "localhost" })).toThrow("host:port");
  expect(options({ startingTimestamp: "1" })).toThrow("not supported");
  const secret = options({ "kafka.sasl.jaas.config": "password" });
  expect(secret).toThrow("kafka.sasl.jaas.config");
  expect(secret).not.toThrow("password");
});
