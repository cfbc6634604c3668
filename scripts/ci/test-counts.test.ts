import { expect, test } from "vitest";
import { countTests } from "./test-counts.ts";

test("passed and failed tests are counted", () => {
  expect(countTests({ numPassedTests: 3, numFailedTests: 1 })).toBe("3 passed, 1 failed");
});

test("skipped tests are shown", () => {
  expect(countTests({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1 })).toBe(
    "3 passed, 0 failed, 3 skipped",
  );
});

test("a file that does not load is a failure", () => {
  const testResults = [
    { status: "failed", assertionResults: [] },
    { status: "failed", assertionResults: [{ status: "failed" }] },
    { status: "passed", assertionResults: [{ status: "passed" }] },
  ];
  expect(countTests({ numPassedTests: 1, numFailedTests: 1, testResults })).toBe("1 passed, 2 failed");
});
