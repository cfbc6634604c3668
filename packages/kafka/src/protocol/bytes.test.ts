import { expect, test } from "vitest";
import fc from "fast-check";
import { ByteReader, KafkaFormatError } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

test("primitive types have the bytes of the protocol", () => {
  const to = new ByteWriter(1);
  to.int8(-1).int16(0x1234).int32(-2).int64(0x1_0000_0002).int64(-1).boolean(true);
  expect(Buffer.from(to.written()).toString("hex")).toBe("ff1234fffffffe0000000100000002ffffffffffffffff01");
});

test("numbers of variable length: plain, and zigzag", () => {
  const to = new ByteWriter();
  to.unsignedVarint(0).unsignedVarint(127).unsignedVarint(300).varint(0).varint(-1).varint(1).varint(-64).varint(64);
  expect(Buffer.from(to.written()).toString("hex")).toBe("007fac020001027f8001");
});

test("compact strings, bytes and arrays count one more than they hold, so that 0 is null", () => {
  const to = new ByteWriter();
  to.compactString("äb")
    .compactString(null)
    .compactBytes(new Uint8Array([7]))
    .compactArray([1, 2], (n) => to.int8(n));
  to.nullArray().string("id").end();
  expect(Buffer.from(to.written()).toString("hex")).toBe(
    "04c3a462" + "00" + "0207" + "030102" + "00" + "00026964" + "00",
  );
  const from = new ByteReader(to.written());
  expect(from.compactString()).toBe("äb");
  expect(from.compactString()).toBeNull();
  expect(from.compactBytes()).toEqual(new Uint8Array([7]));
  expect(from.compactArray(() => from.int8())).toEqual([1, 2]);
  expect(from.compactArray(() => from.int8())).toEqual([]);
});

test("tagged fields that nobody knows are skipped", () => {
  const from = new ByteReader(Uint8Array.of(2, 5, 2, 9, 9, 6, 0, 42));
  from.end();
  expect(from.int8()).toBe(42);
});

test("numbers come back as they were written", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer(), fc.nat(), (int64, int32, unsigned) => {
      const from = new ByteReader(new ByteWriter().int64(int64).int32(int32).unsignedVarint(unsigned).written());
      expect([from.int64(), from.int32(), from.unsignedVarint()]).toEqual([int64, int32, unsigned]);
    }),
  );
});

test("what is cut off or claims too much is no response", () => {
  expect(() => new ByteReader(Uint8Array.of(1, 2)).int32()).toThrow(KafkaFormatError);
  expect(() => new ByteReader(Uint8Array.of(9, 1)).compactString()).toThrow(KafkaFormatError);
  expect(() => new ByteReader(Uint8Array.of(255, 255, 3, 1)).compactArray(() => 0)).toThrow(KafkaFormatError);
  expect(() => new ByteReader(Uint8Array.of(255, 255, 255, 255, 255, 1)).unsignedVarint()).toThrow(KafkaFormatError);
});
