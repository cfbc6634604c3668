import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

/** Crash tests: a query is stopped at every step of the micro-batch protocol and started again. */
export default defineConfig({
  ...shared,
  test: {
    include: ["tests/crash/**/*.test.ts"],
    execArgv,
    pool: "forks",
    // One file mostly waits for processes that it kills, another one computes.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
