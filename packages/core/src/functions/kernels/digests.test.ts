import { createHash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, md5, sha1, sha2 } from "./digests.ts";

test("digests are those of OpenSSL and zlib, for any bytes in the middle of a buffer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(3), (bytes, before) => {
      const buffer = new Uint8Array(before + bytes.length + 2).fill(7);
      buffer.set(bytes, before);
      const end = before + bytes.length;
      const wanted = (name: string): string => createHash(name).update(bytes).digest("hex");
      const hex = (digest: Uint8Array): string => Buffer.from(digest).toString("hex");
      expect(hex(md5(buffer, before, end))).toBe(wanted("md5"));
      expect(hex(sha1(buffer, before, end))).toBe(wanted("sha1"));
      for (const bits of [224, 256, 384, 512]) expect(hex(sha2(buffer, before, end, bits)!)).toBe(wanted(`sha${bits}`));
      expect(crc32(buffer, before, end)).toBe(zlibCrc32(bytes));
    }),
  );
});
