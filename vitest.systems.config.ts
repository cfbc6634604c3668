import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

/** Systems suites: they start real servers and other engines, so one file runs at a time. */
export default defineConfig({
  ...shared,
  test: {
    include: ["tests/systems/**/*.test.ts"],
    execArgv,
    pool: "forks",
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
