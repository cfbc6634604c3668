/** Requests and responses, byte by byte, after https://kafka.apache.org/protocol.html. */
import { expect, test } from "vitest";
import type { Api } from "./api.ts";
import { apiVersions } from "./api-versions.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { fetchRecords } from "./fetch.ts";
import { listOffsets } from "./list-offsets.ts";
import { metadata } from "./metadata.ts";
import { produce } from "./produce.ts";

function written<Request>(api: Api<Request, unknown>, request: Request): string {
  const to = new ByteWriter();
  api.write(request, to);
  return Buffer.from(to.written()).toString("hex");
}

function read<Response>(api: Api<never, Response>, ...hex: readonly string[]): Response {
  const from = new ByteReader(Buffer.from(hex.join(""), "hex"));
  return api.read(from);
}

const topicT = "0274";
const uuid = "00".repeat(16);

test("ApiVersions 3", () => {
  expect(written(apiVersions, null)).toBe("096d696c6c72616365" + "0230" + "00");
  const answer = read(apiVersions, "0000", "03", "0001" + "0004" + "0011" + "00", "0003" + "0000" + "000d" + "00");
  expect(answer).toEqual({
    errorCode: 0,
    ranges: [
      { key: 1, min: 4, max: 17 },
      { key: 3, min: 0, max: 13 },
    ],
  });
});

test("Metadata 12", () => {
  expect(written(metadata, { topics: ["t"], create: true })).toBe("02" + uuid + topicT + "00" + "01" + "00" + "00");
  expect(written(metadata, { topics: null, create: false })).toBe("00" + "00" + "00" + "00");
  const broker = "00000001" + "0268" + "00002384" + "00" + "00";
  const partition = "0000" + "00000005" + "00000001" + "00000000" + "0200000001" + "0200000001" + "01" + "00";
  const topic = "0000" + topicT + uuid + "00" + "02" + partition + "80000000" + "00";
  expect(read(metadata, "00000000", "02" + broker, "00", "00000001", "02" + topic, "00")).toEqual({
    brokers: [{ id: 1, host: "h", port: 9092 }],
    topics: [{ errorCode: 0, name: "t", isInternal: false, partitions: [{ errorCode: 0, partition: 5, leader: 1 }] }],
  });
});

test("ListOffsets 7", () => {
  const request = { committed: true, topic: "t", partitions: [3], time: -2 };
  const partition = "00000003" + "ffffffff" + "fffffffffffffffe" + "00";
  expect(written(listOffsets, request)).toBe("ffffffff" + "01" + "02" + topicT + "02" + partition + "00" + "00");
  const listed = "00000003" + "0000" + "ffffffffffffffff" + "000000000000002a" + "00000000" + "00";
  expect(read(listOffsets, "00000000", "02" + topicT + "02" + listed + "00", "00")).toEqual([
    { partition: 3, errorCode: 0, offset: 42 },
  ]);
});

test("Fetch 12", () => {
  const request = { committed: false, topic: "t", partition: 3, offset: 42, maxBytes: 0x100000, maxWaitMs: 500 };
  const head = "ffffffff" + "000001f4" + "00000001" + "00100000" + "00" + "00000000" + "ffffffff";
  const partition = "00000003" + "ffffffff" + "000000000000002a" + "ffffffff" + "ffffffffffffffff" + "00100000" + "00";
  expect(written(fetchRecords, request)).toBe(head + "02" + topicT + "02" + partition + "00" + "01" + "01" + "00");
  const offsets = "0000000000000064" + "0000000000000060" + "0000000000000005";
  const aborted = "02" + "0000000000000007" + "0000000000000033" + "00";
  const answer = "00000003" + "0000" + offsets + aborted + "ffffffff" + "03" + "abcd" + "00";
  expect(read(fetchRecords, "00000000", "0000", "00000000", "02" + topicT + "02" + answer + "00", "00")).toEqual({
    errorCode: 0,
    highWatermark: 100,
    logStartOffset: 5,
    aborted: [{ producerId: 7, firstOffset: 51 }],
    records: Buffer.from("abcd", "hex"),
  });
});

test("Produce 9", () => {
  const batches = [{ topic: "t", partition: 3, records: Uint8Array.of(0xab) }];
  const head = "00" + "ffff" + "000003e8";
  expect(written(produce, { acks: -1, timeoutMs: 1000, batches })).toBe(
    head + "02" + topicT + "02" + "00000003" + "02ab" + "00" + "00" + "00",
  );
  const numbers = "0000000000000001" + "ffffffffffffffff" + "0000000000000000";
  const answer = "00000003" + "000a" + numbers + "01" + "0562696721" + "00";
  expect(read(produce, "02" + topicT + "02" + answer + "00", "00000000", "00")).toEqual([
    { topic: "t", partition: 3, errorCode: 10, message: "big!" },
  ]);
});
