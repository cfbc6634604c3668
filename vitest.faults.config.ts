import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

export default defineConfig({
  ...shared,
  test: {
    include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts"],
    execArgv,
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
