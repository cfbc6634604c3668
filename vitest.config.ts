import { defineConfig } from "vitest/config";
import { execArgv, shared } from "./vitest.shared.ts";

/** Unit tests: beside the file they test. */
export default defineConfig({
  ...shared,
  test: {
    include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
    execArgv,
    pool: "forks",
    testTimeout: 20_000,
  },
});
