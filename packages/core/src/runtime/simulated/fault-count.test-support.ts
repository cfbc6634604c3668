/** Counts which rows of the fault table (tests/faults/fault-table.ts) have come true, for `npm run test:faults`. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/**
 * To be called when a fault has really happened and its outcome was looked at. Does nothing unless the environment names a
 * directory for the counts.
 */
export function fired(row: string, times = 1): void {
  const directory = process.env["MILLRACE_FAULT_COUNTS"];
  if (directory === undefined || times === 0) return;
  const counted = { row, times, test: expect.getState().testPath ?? "" };
  appendFileSync(join(directory, `${process.pid}.jsonl`), `${JSON.stringify(counted)}\n`);
}
