import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createNodeRuntime } from "../../runtime/node/index.ts";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import { checkpointKey } from "./checkpoint-keys.ts";
import { decrypt, encrypt, isEncrypted, keyIdOf } from "./envelope.ts";

const runtime = createSimulatedRuntime(1);
const [key, other] = [checkpointKey(new Uint8Array(32).fill(1)), checkpointKey(new Uint8Array(32).fill(2))];
const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 });

function errorOf(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (error) {
    return String(error);
  }
}

test("files come back, also what was appended under another key, and no two are alike", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.boolean()), { minLength: 1, maxLength: 3 }), (parts) => {
      const file = (): Uint8Array =>
        Buffer.concat(parts.map(([plain, old]) => encrypt(runtime, old ? other : key, plain)));
      const written = file();
      const all = Buffer.concat(parts.map(([plain]) => plain));
      expect(Buffer.from(decrypt(runtime, [key, other], "f", written))).toEqual(all);
      expect(isEncrypted(written)).toBe(true);
      expect(keyIdOf(written)).toBe(parts[0]![1] ? other.id : key.id);
      expect(file()).not.toEqual(written);
    }),
  );
});

test("files of any length come back, with the platform's cipher", () => {
  const real = createNodeRuntime();
  for (const length of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20]) {
    const plain = Uint8Array.from({ length }, (_, i) => i * 7);
    expect(decrypt(real, [key], "f", encrypt(real, key, plain)).length).toBe(length);
    expect(Buffer.compare(decrypt(real, [key], "f", encrypt(real, key, plain)), plain)).toBe(0);
  }
});

test("a file that is changed or cut anywhere is not read; what is not encrypted is as it is", () => {
  const file = encrypt(runtime, key, Buffer.from("some state"));
  for (let at = 8; at < file.length; at++) {
    const changed = file.map((byte, i) => (i === at ? byte ^ 1 : byte));
    const error = errorOf(() => decrypt(runtime, [key], "f", changed));
    expect(error, `byte ${at}`).toMatch(at < 16 ? /CHECKPOINT_ENCRYPTION_KEY.UNKNOWN/ : /CHECKPOINT_LOG_CORRUPTED/);
    expect(errorOf(() => decrypt(runtime, [key], "f", file.subarray(0, at)))).toMatch(/CHECKPOINT_LOG_CORRUPTED/);
  }
  for (const behind of [Buffer.from("x"), file.subarray(0, 20), Buffer.from("plain text behind an encrypted part")]) {
    expect(errorOf(() => decrypt(runtime, [key], "f", Buffer.concat([file, behind])))).toMatch(/CORRUPTED/);
  }
  const plain = Buffer.from("v1\n{}");
  expect(decrypt(runtime, [], "f", plain)).toBe(plain);
});

test("frames cannot be exchanged, repeated or left out", () => {
  const real = createNodeRuntime();
  const frame = (1 << 20) + 4 + 16;
  const file = encrypt(real, key, new Uint8Array(3 << 20));
  const parts = [0, 1, 2].map((i) => file.subarray(32 + i * frame, 32 + (i + 1) * frame));
  for (const order of [[1, 0, 2], [0, 0, 2], [0, 2], [2], [0, 1], [0, 1, 2, 2]]) {
    const changed = Buffer.concat([file.subarray(0, 32), ...order.map((i) => parts[i]!)]);
    expect(
      errorOf(() => decrypt(real, [key], "f", changed)),
      `${order}`,
    ).toMatch(/CHECKPOINT_LOG_CORRUPTED/);
  }
});

test("the key that is missing is named, by an id that is not part of it", () => {
  const file = encrypt(runtime, other, Buffer.from("x"));
  expect(errorOf(() => decrypt(runtime, [], "/c/metadata", file))).toContain(
    `[CHECKPOINT_ENCRYPTION_KEY.MISSING] The checkpoint file /c/metadata is encrypted with the key ${other.id}`,
  );
  expect(errorOf(() => decrypt(runtime, [key], "/c/metadata", file))).toContain(
    `[CHECKPOINT_ENCRYPTION_KEY.UNKNOWN] The checkpoint file /c/metadata is encrypted with the key ${other.id}; the keys given are ${key.id}.`,
  );
  expect(other.id).toMatch(/^[0-9a-f]{16}$/);
  expect(other.id).not.toContain("0202");
});
