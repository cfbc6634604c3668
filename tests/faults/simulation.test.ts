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
import { fired as firedRow } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { type Script, scripts } from "./simulation/script.ts";
import { type Fired, play } from "./simulation/world.ts";

const environment = process.env;
const first = Number(environment["MILLRACE_FAULT_SEED"] ?? 1);
const seeds = Number(environment["MILLRACE_FAULT_SEEDS"] ?? 400);
const minutes = Number(environment["MILLRACE_FAULT_MINUTES"] ?? Infinity);
/** The default run ends with the first failure, a long one goes on for a while. */
const mostFailures = minutes === Infinity ? 1 : 20;
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

/** Rows of the fault table by what the simulation calls the trouble. */
const rows: readonly (readonly [row: string, kind: RegExp])[] = [
  ["A1", /^crash at P[012]$/],
  ["A4", /^thread$/],
  ["A8", /^crash at P(9|10)$/],
  ["B9", /^(EIO of|read EIO)/],
  ["B10", /EMFILE/],
  ["B11", /^E\w+ of (link|rename)$/],
  ["C1", /^clock back/],
  ["C2", /^clock forth/],
  ["D7", /^late rows$/],
  ["D12", /^function$/],
  ["E10", /^second process/],
  ["F1", /^(function|store before)$/],
  ["F3", /^store after$/],
];

test(
  file === "" ? "random histories of random queries give the answer of one batch" : `the script ${file}`,
  async () => {
    if (file !== "") return play(JSON.parse(readFileSync(file, "utf8")) as Script);
    const fired: Fired = new Map();
    const failures: string[] = [];
    const startedAt = performance.now();
    let run = 0;
    for (; run < seeds && performance.now() - startedAt < minutes * 60_000; run++) {
      const failure = await failureOf(first + run, fired);
      if (failure === null) continue;
      failures.push(failure);
      console.log(failure);
      if (failures.length === mostFailures) break;
    }
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    const shown = [...fired].sort(([a], [b]) => a.localeCompare(b)).map(([kind, n]) => `${kind}: ${n}`);
    console.log(`${run} seeds from ${first} in ${seconds} s, ${failures.length} failed\n${shown.join(", ")}`);
    expect(failures).toEqual([]);
    for (const [row, kind] of rows) {
      for (const [name, times] of fired) if (kind.test(name)) firedRow(row, times);
    }
  },
  86_400_000,
);
