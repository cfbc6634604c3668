/**
 * `@millrace/testing`: tests for streaming queries. A script adds rows, lets time pass, crashes the process and says which
 * rows must come; it runs on a virtual clock and a disk in memory, so it neither sleeps nor leaves files.
 */
export { memoryStream, type MemorySource, type TestRow } from "./memory-stream.ts";
export { simulatedRuntime, testSession, type TestSessionOptions } from "./test-session.ts";
export {
  type CrashOptions,
  type CrashStep,
  ScriptFailure,
  TestStream,
  testStream,
  type TestStreamOptions,
} from "./test-stream.ts";
export type { ExpectedRow } from "./compare-rows.ts";
