import { defineConfig } from "vitest/config";
import { faultTests } from "./tests/faults/fault-tests.ts";
import { execArgv, shared } from "./vitest.shared.ts";

/** `npm run test:faults`: all tests that inject a fault of the table in tests/faults/fault-table.ts. */
export default defineConfig({
  ...shared,
  test: {
    include: Object.values(faultTests),
    execArgv,
    pool: "forks",
    // One file mostly waits for processes that it kills, another one computes.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
