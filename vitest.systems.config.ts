import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

/** Systems suites: each file starts engines of its own, so two at a time fill a small machine. */
export default defineConfig({
  ...shared,
  test: {
    include: ["tests/systems/**/*.test.ts"],
    execArgv,
    pool: "forks",
    maxWorkers: 2,
    globalSetup: "tests/systems/install.ts",
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
