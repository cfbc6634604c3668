/** A function for worker threads that ends the thread it runs in, as often as the file named by the environment says. */
import { readFileSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

export function amountOrDeath(amount: number | null): number | null {
  const path = process.env["MILLRACE_DEATHS"];
  if (!isMainThread && path !== undefined && amount === 77) {
    const left = Number(readFileSync(path, "utf8"));
    if (left > 0) {
      writeFileSync(path, String(left - 1));
      // In a worker thread this ends the thread, in the middle of a row.
      process.exit(1);
    }
  }
  return amount;
}
