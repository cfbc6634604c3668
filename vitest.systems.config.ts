import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

/** Systems suites: two files and the Spark that they share fill a small machine, with up to three streaming queries each. */
export default defineConfig({
  ...shared,
  test: {
    include: ["tests/systems/**/*.test.ts"],
    execArgv,
    pool: "forks",
    maxWorkers: 2,
    maxConcurrency: 3,
    globalSetup: "tests/systems/install.ts",
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
