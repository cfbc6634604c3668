import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

/** `npm run bless`: the text-driven suites, which rewrite their expected text when MILLRACE_BLESS=1. */
export default defineConfig({
  ...shared,
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["tests/systems/**", "tests/crash/**", "tests/faults/**"],
    execArgv,
    pool: "forks",
    testTimeout: 120_000,
  },
});
