import * as fc from "fast-check";
import { expect, test } from "vitest";
import { keyBytes, nonceBytes, PortableCrypto, randomBytes, tagBytes } from "./crypto.ts";
import { NodeCrypto } from "./node/node-crypto.ts";
import { SeededRandom } from "./simulated/index.ts";

const [real, portable] = [new NodeCrypto(), new PortableCrypto()];
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const text = fc.uint8Array({ maxLength: 100 });

test("the platform's AES and our own give the same bytes and open each other's", () => {
  fc.assert(
    fc.property(bytes(keyBytes), bytes(nonceBytes), text, text, (key, nonce, plain, associated) => {
      const [a, b] = [real.cipher(key), portable.cipher(key)];
      const sealed = a.seal(nonce, plain, associated);
      expect(b.seal(nonce, plain, associated)).toEqual(sealed);
      expect(sealed.length).toBe(plain.length + tagBytes);
      expect(a.open(nonce, sealed, associated)).toEqual(plain);
      expect(b.open(nonce, sealed, associated)).toEqual(plain);
    }),
  );
});

test("a changed bit of bytes, nonce, associated data or key opens nothing", () => {
  const inputs = [bytes(keyBytes), bytes(nonceBytes), fc.uint8Array({ minLength: 1, maxLength: 40 })] as const;
  fc.assert(
    fc.property(...inputs, fc.nat(), fc.nat(3), (key, nonce, plain, bit, which) => {
      const changed = (given: Uint8Array, index: number): Uint8Array => {
        if (index !== which) return given;
        const copy = given.slice();
        const at = bit % (8 * copy.length);
        copy[at >> 3]! ^= 1 << (at & 7);
        return copy;
      };
      const associated = Uint8Array.of(1, 2, 3);
      const sealed = real.cipher(key).seal(nonce, plain, associated);
      for (const crypto of [real, portable]) {
        const opened = crypto
          .cipher(changed(key, 0))
          .open(changed(nonce, 1), changed(sealed, 2), changed(associated, 3));
        expect(opened).toBeNull();
        expect(crypto.cipher(key).open(nonce, sealed.subarray(0, tagBytes - 1), associated)).toBeNull();
      }
    }),
  );
});

test("random bytes have any length", () => {
  const random = new SeededRandom(1);
  expect([0, 1, 5, 32].map((length) => randomBytes(random, length).length)).toEqual([0, 1, 5, 32]);
  expect(randomBytes(random, 32)).not.toEqual(randomBytes(random, 32));
});
