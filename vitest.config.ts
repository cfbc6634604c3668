import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

/** `npm test`: unit tests, beside the file they test, and the text-driven suites of tests/. */
export default defineConfig({
  ...shared,
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "examples/**/*.test.ts",
      "scripts/**/*.test.ts",
      "benchmarks/**/*.test.ts",
      "tests/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/fixtures/**", "tests/systems/**", "tests/crash/**", "tests/faults/**"],
    execArgv,
    pool: "forks",
    // One less than the processors, which is the default, leaves half of a small machine idle.
    maxWorkers: "100%",
    testTimeout: 20_000,
  },
});
