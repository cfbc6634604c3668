import { expect, test } from "vitest";
import { loadStateProvider } from "./state-providers.ts";

const spark = "org.apache.spark.sql.execution.streaming.state.";

test.each([
  [`${spark}HDFSBackedStateStoreProvider`, "memory"],
  ["HDFSBackedStateStoreProvider", "memory"],
  ["memory", "memory"],
  [`${spark}RocksDBStateStoreProvider`, "@millrace/state-disk"],
  ["RocksDBStateStoreProvider", "@millrace/state-disk"],
  ["@millrace/state-disk", "@millrace/state-disk"],
])("%s is the provider %s", async (name, provider) => {
  expect((await loadStateProvider(name)).name).toBe(provider);
});

test("state on disk is refused where checkpoints are encrypted", async () => {
  await expect(loadStateProvider("@millrace/state-disk", "env:KEY")).rejects.toMatchObject({
    errorClass: "STATE_STORE_PROVIDER_NOT_ENCRYPTED",
  });
  expect((await loadStateProvider("memory", "env:KEY")).name).toBe("memory");
});

test("a package that is not there, or is no provider, is named with what to install", async () => {
  await expect(loadStateProvider("@example/nowhere")).rejects.toMatchObject({
    errorClass: "STATE_STORE_PROVIDER_NOT_FOUND",
    message: expect.stringContaining("npm install @example/nowhere") as string,
  });
  await expect(loadStateProvider("fast-check")).rejects.toMatchObject({
    errorClass: "STATE_STORE_PROVIDER_NOT_FOUND",
    message: expect.stringContaining("exports no stateProvider") as string,
  });
});
