import * as fc from "fast-check";
import { expect, test } from "vitest";
import { KeyIndex } from "./key-index.ts";

/** All entries that have a hash. */
function found(index: KeyIndex, hash: number): number[] {
  const entries: number[] = [];
  for (let entry = index.first(hash); entry >= 0; entry = index.next()) entries.push(entry);
  return entries.sort((a, b) => a - b);
}

test("finds what was added and not removed, also where hashes collide", () => {
  const hash = fc.oneof(
    fc.integer({ min: -8, max: 8 }),
    fc.constantFrom(0, 1 << 15, -1 << 20, 2 ** 31 - 1, -(2 ** 31)),
  );
  const step = fc.record({ hash, remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const index = new KeyIndex();
      const model = new Map<number, number[]>();
      let next = 0;
      for (const { hash: key, remove } of steps) {
        const entries = model.get(key) ?? [];
        if (remove && entries.length > 0) index.remove(entries.shift()!, key);
        else if (!remove) {
          index.add(next, key);
          entries.push(next++);
        }
        model.set(key, entries);
      }
      for (const [key, entries] of model) expect(found(index, key)).toEqual(entries);
    }),
  );
});

test("grows in small steps, to eleven to thirty bytes for an entry", () => {
  const index = new KeyIndex();
  let most = 0;
  let before = index.memoryBytes;
  for (let entry = 0; entry < 200_000; entry++) {
    index.add(entry, Math.imul(entry + 1, 0x9e3779b1));
    most = Math.max(most, index.memoryBytes - before);
    before = index.memoryBytes;
  }
  expect(most).toBeLessThan(index.memoryBytes / 32);
  expect(index.memoryBytes / 200_000).toBeLessThan(30);
  for (let entry = 0; entry < 200_000; entry += 997) {
    expect(found(index, Math.imul(entry + 1, 0x9e3779b1))).toContain(entry);
  }
});
