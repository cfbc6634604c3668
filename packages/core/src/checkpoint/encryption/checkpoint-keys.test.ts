import { expect, test } from "vitest";
import { SimulatedProcess, createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import { keyReferences, loadCheckpointKeys } from "./checkpoint-keys.ts";

const secret = Uint8Array.from({ length: 32 }, (_, i) => i + 200);
const hex = Buffer.from(secret).toString("hex");
const { fs } = createSimulatedRuntime(1);
const process = new SimulatedProcess({
  environment: {
    HEX: ` ${hex}\n`,
    UPPER: hex.toUpperCase(),
    BASE64: Buffer.from(secret).toString("base64"),
    SHORT: "abc",
  },
});
const world = { fs, process };

test("a key is 64 hexadecimal digits or Base64 in a variable or a file, or 32 bytes in a file", async () => {
  await fs.apply([
    { op: "write", path: "/raw", bytes: secret },
    { op: "write", path: "/text", bytes: Buffer.from(`${Buffer.from(secret).toString("base64url")}\n`) },
  ]);
  const keys = await loadCheckpointKeys("env:HEX, env:UPPER,env:BASE64,file:/raw,file:/text", world);
  expect(keys).toHaveLength(5);
  for (const key of keys) expect(key).toEqual(keys[0]);
  expect(Buffer.from(keys[0]!.secret).equals(secret)).toBe(true);
  expect(await loadCheckpointKeys(undefined, world)).toEqual([]);
});

test.each([
  ["env:NONE", "env:NONE", "there is no such environment variable"],
  ["env:SHORT", "env:SHORT", "it holds neither"],
  ["file:/none", "file:/none", "reading it failed with ENOENT"],
  [hex, "(redacted)", "it is neither env:NAME nor file:/path"],
])("%s is refused by name, and a key that is given by mistake is not shown", async (given, reference, reason) => {
  const failure = await loadCheckpointKeys(given, world).catch(String);
  expect(failure).toContain(
    `[CHECKPOINT_ENCRYPTION_KEY.INVALID] The key of checkpoints that ${reference} names cannot be used: ${reason}`,
  );
  expect(failure).not.toContain(hex);
});

test("settings take references only", () => {
  for (const text of ["env:A", "env:A,file:/b", " env:A , env:B_2 "]) expect(keyReferences.test(text), text).toBe(true);
  for (const text of ["", hex, "env:", "file:relative", "env:A,", "env:A;env:B", `env:A,${hex}`]) {
    expect(keyReferences.test(text), text).toBe(false);
  }
});
