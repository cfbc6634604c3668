import fc from "fast-check";
import { expect, test } from "vitest";
import { VersionedMap } from "./versioned-map.ts";

const encode = (s: string): Uint8Array => new TextEncoder().encode(s);
const decode = (b: Uint8Array, s: number, e: number): string => new TextDecoder().decode(b.subarray(s, e));

function content(map: VersionedMap): Record<string, string> {
  const found: [string, string][] = [];
  map.forEach((arena, ks, ke, vs, ve) => found.push([decode(arena, ks, ke), decode(arena, vs, ve)]));
  expect(found.length).toBe(map.size);
  return Object.fromEntries(found.sort());
}

/** The same bytes in a larger array, where they may begin between two words. */
function placed(bytes: Uint8Array, at: number): readonly [Uint8Array, number, number] {
  const array = new Uint8Array(bytes.length + 8);
  array.set(bytes, at);
  return [array, at, at + bytes.length];
}

type Step = ["put" | "putNew", string, string] | ["remove", string] | ["seal"] | ["abort"] | ["rollback"];
// Half of them consist of whole words, as UnsafeRows do.
const key = fc.integer({ min: 0, max: 12 }).map((n) => (n % 2 === 0 ? `key-${n}` : `key-${String(n).padStart(4)}`));
const text = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom("12345678", "abcdefghijkl", "x".repeat(160)));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom("put" as const, "putNew" as const), key, text),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constant("remove" as const), key) },
  { weight: 2, arbitrary: fc.constant<Step>(["seal"]) },
  { weight: 1, arbitrary: fc.constant<Step>(["abort"]) },
  { weight: 1, arbitrary: fc.constant<Step>(["rollback"]) },
);

test("behaves as a Map with versions, and its changes lead from one version to the next", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.infiniteStream(fc.nat(4)), (steps, places) => {
      const place = (bytes: Uint8Array) => placed(bytes, places.next().value ?? 0);
      const map = new VersionedMap(2);
      let now = new Map<string, string>();
      const versions = [new Map<string, string>()];
      for (const [what, k, v] of steps) {
        if (what === "put") {
          map.put(...place(encode(k)), ...place(encode(v)));
          now.set(k, v);
        } else if (what === "putNew") {
          const entry = map.putNew(...place(encode(k)), ...place(encode(v)));
          expect(entry >= 0).toBe(!now.has(k));
          if (entry >= 0) now.set(k, v);
        } else if (what === "remove") {
          expect(map.remove(...place(encode(k)))).toBe(now.delete(k));
        } else if (what === "seal") {
          const replayed = new Map(versions.at(-1));
          map.forEachChange((arena, ks, ke, vs, ve) => {
            if (ve < 0) expect(replayed.delete(decode(arena, ks, ke))).toBe(true);
            else replayed.set(decode(arena, ks, ke), decode(arena, vs, ve));
          });
          expect([...replayed].sort()).toEqual([...now].sort());
          map.seal();
          versions.push(new Map(now));
        } else {
          map.abort();
          if (what === "rollback" && map.rollbackDepth > 0) {
            map.rollback();
            versions.pop();
          }
          now = new Map(versions.at(-1));
        }
        expect(content(map)).toEqual(Object.fromEntries([...now].sort()));
      }
    }),
    { numRuns: 400 },
  );
});

test("compaction keeps live keys and the versions that can be rolled back", () => {
  const map = new VersionedMap(2);
  const put = (k: string, v: string): void => {
    const [kb, vb] = [encode(k), encode(v)];
    map.put(kb, 0, kb.length, vb, 0, vb.length);
  };
  for (let i = 0; i < 10_000; i++) put(`k${i}`, "x".repeat(10));
  map.seal();
  const before = content(map);
  const sizeBefore = map.memoryBytes;
  for (let i = 0; i < 9_000; i++) map.remove(encode(`k${i}`), 0, `k${i}`.length);
  map.seal();
  for (let i = 9_000; i < 10_000; i++) put(`k${i}`, "y".repeat(40));
  map.seal();
  for (let round = 0; round < 6; round++) {
    for (let i = 9_000; i < 10_000; i++) put(`k${i}`, "z".repeat(50 + 20 * round));
    map.seal();
  }
  expect(map.size).toBe(1000);
  expect(map.memoryBytes).toBeLessThan(sizeBefore * 2);
  map.rollback();
  map.rollback();
  expect(content(map).k9999).toBe("z".repeat(50 + 20 * 3));
  expect(Object.keys(before).length).toBe(10_000);
});
