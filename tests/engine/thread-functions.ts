/** Functions that worker threads load by their names, for worker-threads.test.ts. */
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

export function twice(x: number | null): number | null {
  return x === null ? null : x * 2;
}

/** Ends the thread that calls it first; the file named by the first argument remembers that. */
export function endsOnce(marker: string | null, x: number | null): number | null {
  if (!isMainThread && isFirst(marker ?? "")) process.exit(3);
  return x;
}

export function endsAlways(x: number | null): number | null {
  if (!isMainThread) process.exit(3);
  return x;
}

export function fillsTheHeap(x: number | null): number | null {
  const kept: object[] = [];
  while (!isMainThread) kept.push({ x });
  return x;
}

export function neverReturns(x: number | null): number | null {
  while (!isMainThread);
  return x;
}

export function takesLong(x: number | null): number | null {
  const until = performance.now() + 0.02;
  while (performance.now() < until);
  return x;
}

export function throwsAt500(x: number | null): number | null {
  if (x === 500) throw new RangeError("500 is too much");
  return x;
}

export const isNoFunction = 1;

function isFirst(marker: string): boolean {
  try {
    writeFileSync(marker, "", { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}
