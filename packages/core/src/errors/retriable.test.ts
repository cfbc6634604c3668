import { expect, test } from "vitest";
import { MillraceError } from "./millrace-error.ts";
import { isRetriable } from "./retriable.ts";

const failed = (cause: unknown): MillraceError =>
  new MillraceError("STREAM_FAILED", { id: "i", runId: "r", message: "m" }, { cause });

test("what lies outside of query and checkpoint may be gone when it is tried again", () => {
  expect(isRetriable(failed(new Error("connection refused")))).toBe(true);
  expect(isRetriable(failed(new MillraceError("CHECKPOINT_WRITE_FAILED", { path: "/c", code: "ENOSPC" })))).toBe(true);
  expect(isRetriable(failed(failed(new TypeError("x is null"))))).toBe(true);
});

test("what comes again with the same rows and the same program does not", () => {
  expect(isRetriable(failed(new MillraceError("DIVIDE_BY_ZERO", { config: "" })))).toBe(false);
  expect(isRetriable(new MillraceError("CHECKPOINT_LOG_CORRUPTED", { path: "/c", reason: "torn" }))).toBe(false);
  expect(isRetriable(failed(new MillraceError("INTERNAL_ERROR", { message: "a bug" })))).toBe(false);
});
