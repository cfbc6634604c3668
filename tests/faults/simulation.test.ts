/**
 * Seeded random simulation: random queries over random sources and sinks, rows that arrive in random pieces, and random
 * trouble in every life of the process, checked against the batch answer or a naive model, and against the invariants of the
 * checkpoint. A failure is shrunk and printed as a script; `npm run test:faults -- --script FILE` plays it again.
 *
 * `npm run test:faults -- --seeds N --minutes M --seed FIRST` runs more of it than the default.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Script, scripts } from "./simulation/script.ts";
import { type Fired, play } from "./simulation/world.ts";

const environment = process.env;
const first = Number(environment["MILLRACE_FAULT_SEED"] ?? 1);
const seeds = Number(environment["MILLRACE_FAULT_SEEDS"] ?? 150);
const minutes = Number(environment["MILLRACE_FAULT_MINUTES"] ?? Infinity);
const file = environment["MILLRACE_FAULT_SCRIPT"] ?? "";

/** The shortest script that still fails, or null when the one of the seed does not. */
async function failureOf(seed: number, fired: Fired): Promise<string | null> {
  const details = await fc.check(
    fc.asyncProperty(scripts, (script) => play(script, fired)),
    { seed, numRuns: 1 },
  );
  if (!details.failed) return null;
  const error =
    details.errorInstance instanceof Error ? (details.errorInstance.stack ?? "") : String(details.errorInstance);
  return `seed ${seed} fails after ${details.numShrinks} shrinks with\n${JSON.stringify(details.counterexample?.[0])}\n${error}`;
}

test.runIf(file === "")(
  "random histories of random queries give the answer of one batch",
  async () => {
    const fired: Fired = new Map();
    const failures: string[] = [];
    const startedAt = performance.now();
    let run = 0;
    for (; run < seeds && performance.now() - startedAt < minutes * 60_000; run++) {
      const failure = await failureOf(first + run, fired);
      if (failure === null) continue;
      failures.push(failure);
      console.log(failure);
      if (failures.length === 5) break;
    }
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    const shown = [...fired].sort(([a], [b]) => a.localeCompare(b)).map(([kind, n]) => `${kind}: ${n}`);
    console.log(`${run} seeds from ${first} in ${seconds} s, ${failures.length} failed\n${shown.join(", ")}`);
    expect(failures).toEqual([]);
  },
  86_400_000,
);

test.runIf(file !== "")("the script of a file", async () => {
  await play(JSON.parse(readFileSync(file, "utf8")) as Script);
});
