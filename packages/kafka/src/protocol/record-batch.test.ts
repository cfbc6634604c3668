import { createNodeRuntime, structType, valuesOfBatch, type RecordBatch } from "millrace/engine";
import { describe, expect, test } from "vitest";
import { AbortedTransactions } from "../source/aborted-transactions.ts";
import { RecordRows } from "../source/record-rows.ts";
import { kafkaSchema } from "../source/schema.ts";
import { crc32c } from "./crc32c.ts";
import { KafkaFormatError } from "./byte-reader.ts";
import { decompress } from "./compression.ts";
import { decompressLz4Frame } from "./lz4-frame.ts";
import { readRecordBatchHeader } from "./record-batch-header.ts";
import { type ByteRange, RecordBatchWriter } from "./record-batch-writer.ts";

const { compression } = createNodeRuntime();
const columns = kafkaSchema(true);

function range(text: string): ByteRange {
  const bytes = new TextEncoder().encode(text);
  return { bytes, start: 0, end: bytes.length };
}

/** Written out by hand: two records, `k`=`v` with the header h=1, and a null key with the value `w`, 5 ms later. */
function byHand(attributes = "0000"): Uint8Array {
  const first = "00" + "00" + "00" + "026b" + "0276" + "02" + "0268" + "0231";
  const second = "00" + "0a" + "02" + "01" + "0277" + "00";
  const records = "18" + first + "0e" + second;
  const body =
    attributes +
    "00000001" +
    "0000018bcfe56800" +
    "0000018bcfe56805" +
    "ffffffffffffffff" +
    "ffff" +
    "ffffffff" +
    "00000002";
  const length = 9 + (body.length + records.length) / 2;
  const head = "0000000000000064" + length.toString(16).padStart(8, "0") + "00000000" + "02" + "00000000";
  const bytes = new Uint8Array(Buffer.from(head + body + records, "hex"));
  new DataView(bytes.buffer).setUint32(17, crc32c(bytes, 21, bytes.length));
  return bytes;
}

function rowsOf(bytes: Uint8Array, from = 0, until = Number.MAX_SAFE_INTEGER): unknown[] {
  const header = readRecordBatchHeader(bytes, 0)!;
  const rows = new RecordRows({ topic: "t", partition: 3 }, columns);
  const done: RecordBatch[] = [];
  rows.add(bytes, header.start, header.end, header, from, until, done);
  rows.flush(done);
  return done.flatMap((batch) => valuesOfBatch(batch) as unknown[]);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("a record batch", () => {
  const micros = 0x18bcfe56800n * 1000n;
  const first = [text("k"), text("v"), "t", 3, 100n, micros, 0, [["h", text("1")]]];
  const second = [null, text("w"), "t", 3, 101n, micros + 5000n, 0, null];

  test("becomes rows", () => {
    expect(rowsOf(byHand())).toEqual([first, second]);
  });

  test("gives the records of a range of offsets only", () => {
    expect(rowsOf(byHand(), 101)).toEqual([second]);
    expect(rowsOf(byHand(), 0, 101)).toEqual([first]);
  });

  test("with the broker's time has it for all records", () => {
    const late = micros + 5000n;
    expect(rowsOf(byHand("0008"))).toEqual([first.with(5, late).with(6, 1), second.with(5, late).with(6, 1)]);
  });

  test("that is damaged in any byte behind its length is refused", () => {
    for (let at = 16; at < byHand().length; at++) {
      const bytes = byHand();
      bytes[at]! ^= 0x10;
      expect(() => rowsOf(bytes), `byte ${at}`).toThrow(KafkaFormatError);
    }
  });

  test("that is cut off is none", () => {
    for (const length of [0, 12, 60, byHand().length - 1]) {
      expect(readRecordBatchHeader(byHand().subarray(0, length), 0)).toBeNull();
    }
  });

  test.each(["none", "gzip", "zstd"] as const)("is written with compression %s as it is read", async (codec) => {
    const writer = new RecordBatchWriter();
    for (let i = 0; i < 20_000; i++) {
      const header = { key: range("h"), value: null };
      writer.append(
        i % 3 === 0 ? null : range(`key-${i}`),
        i % 5 === 0 ? null : range("v".repeat(i % 200)),
        i === 7 ? [header] : [],
      );
    }
    const bytes = await writer.finish(codec, 1_700_000_000_000, compression);
    const header = readRecordBatchHeader(bytes, 0)!;
    expect(header).toMatchObject({ codec, recordCount: 20_000, baseOffset: 0, lastOffset: 19_999, end: bytes.length });
    const body = await decompress(codec, bytes.subarray(header.start, header.end), compression);
    const rows = new RecordRows({ topic: "t", partition: 0 }, columns);
    const done: RecordBatch[] = [];
    rows.add(body, 0, body.length, header, 0, 20_000, done);
    rows.flush(done);
    expect(done.map(({ length }) => length)).toEqual([8192, 8192, 3616]);
    const all = done.flatMap((batch) => valuesOfBatch(batch) as unknown[][]);
    expect(all[7]).toEqual([text("key-7"), text("vvvvvvv"), "t", 0, 7n, 1_700_000_000_000_000n, 0, [["h", null]]]);
    expect(all[15]).toEqual([null, null, "t", 0, 15n, 1_700_000_000_000_000n, 0, null]);
    expect(all[19_999]).toEqual([
      text("key-19999"),
      text("v".repeat(199)),
      "t",
      0,
      19_999n,
      1_700_000_000_000_000n,
      0,
      null,
    ]);
  });
});

test("rows have the columns that are asked for, in their order", () => {
  const wanted = structType([columns.fields[4]!, columns.fields[1]!]);
  const header = readRecordBatchHeader(byHand(), 0)!;
  const rows = new RecordRows({ topic: "t", partition: 3 }, wanted);
  const done: RecordBatch[] = [];
  rows.add(byHand(), header.start, header.end, header, 0, 200, done);
  rows.flush(done);
  expect(valuesOfBatch(done[0]!)).toEqual([
    [100n, text("v")],
    [101n, text("w")],
  ]);
});

test("LZ4 frames: literals, matches, blocks that are not compressed", () => {
  const frame = (blocks: string): Uint8Array => Buffer.from("04224d18" + "6040" + "82" + blocks, "hex");
  // "abc" and six bytes three back, then five literals.
  const compressed = "0b000000" + "32616263" + "0300" + "5068656c6c6f".slice(0, 10);
  expect(Buffer.from(decompressLz4Frame(frame("03000080" + "616263" + "00000000"), 100)).toString()).toBe("abc");
  expect(
    Buffer.from(
      decompressLz4Frame(frame("0c000000" + "32616263" + "0300" + "50" + "68656c6c6f" + "00000000"), 100),
    ).toString(),
  ).toBe("abcabcabchello");
  expect(() => decompressLz4Frame(frame(compressed), 100)).toThrow(KafkaFormatError);
});

test("batches of a transaction that was given up are left out until its end", () => {
  const marker = "0a" + "00" + "00" + "00" + "08" + "0000" + "0000";
  const bytes = Buffer.from(marker, "hex");
  const base = {
    start: 0,
    end: bytes.length,
    recordCount: 1,
    codec: "none",
    baseTimestamp: 0,
    maxTimestamp: 0,
  } as const;
  const batch = (baseOffset: number, producerId: number, isControl: boolean, isTransactional = true) => ({
    ...base,
    baseOffset,
    lastOffset: baseOffset + 4,
    logAppendTime: false,
    producerId,
    isControl,
    isTransactional,
  });
  const aborted = new AbortedTransactions([{ producerId: 7, firstOffset: 10 }]);
  expect(aborted.includes(batch(0, 7, false), bytes)).toBe(false);
  expect(aborted.includes(batch(10, 7, false), bytes)).toBe(true);
  expect(aborted.includes(batch(15, 8, false), bytes)).toBe(false);
  expect(aborted.includes(batch(20, 7, false, false), bytes)).toBe(false);
  expect(aborted.includes(batch(25, 7, true), bytes)).toBe(false);
  expect(aborted.includes(batch(30, 7, false), bytes)).toBe(false);
});
