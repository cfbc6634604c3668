import { createSimulatedRuntime } from "millrace/engine";
import { expect, test } from "vitest";
import { restartDefaults, type RunOutcome, runWithRestarts } from "./restart.ts";

const failed: RunOutcome = { kind: "failed", code: 75, retriable: true, reason: "no connection" };

/** Runs a list of outcomes, the last of them for ever, each after so many seconds. */
function world(outcomes: readonly (readonly [seconds: number, outcome: RunOutcome])[], budget = 3) {
  const { clock, random } = createSimulatedRuntime(7);
  const stop = new AbortController();
  const notes: string[] = [];
  const startedAt: number[] = [];
  const run = async (): Promise<RunOutcome> => {
    const [seconds, outcome] = outcomes[Math.min(startedAt.length, outcomes.length - 1)]!;
    startedAt.push(clock.monotonicMs());
    if (seconds > 0) await clock.sleep(seconds * 1000);
    return outcome;
  };
  const ended = runWithRestarts(
    run,
    { ...restartDefaults, budget },
    {
      clock,
      random,
      signal: stop.signal,
      note: (text) => void notes.push(text),
    },
  );
  return { clock, stop, notes, startedAt, ended };
}

test("a run that is done is not repeated", async () => {
  const { ended, startedAt } = world([[0, { kind: "done" }]]);
  expect([await ended, startedAt]).toEqual([0, [0]]);
});

test("delays double, less up to half of them by chance, until the budget is used up", async () => {
  const { clock, ended, startedAt, notes } = world([[0, failed]], 8);
  await clock.advance(1_000_000);
  expect(await ended).toBe(75);
  const delays = startedAt.slice(1).map((at, i) => at - startedAt[i]!);
  expect(delays).toHaveLength(8);
  for (const [i, delay] of delays.entries()) {
    const most = Math.min(60_000, 1000 * 2 ** i);
    expect(delay).toBeGreaterThanOrEqual(most / 2);
    expect(delay).toBeLessThanOrEqual(most);
  }
  expect(new Set(delays.map((delay, i) => delay / 2 ** i)).size).toBeGreaterThan(1);
  expect(notes.at(-1)).toBe("no connection; it was started again 8 times, which is enough");
});

test("a failure that would come again ends it at once", async () => {
  const { ended, notes } = world([[0, { kind: "failed", code: 1, retriable: false, reason: "DIVIDE_BY_ZERO" }]]);
  expect(await ended).toBe(1);
  expect(notes).toEqual(["DIVIDE_BY_ZERO; starting again would not help"]);
});

test("a long run gives the budget and the short delay back", async () => {
  const { clock, ended, notes } = world(
    [
      [0, failed],
      [0, failed],
      [601, failed],
      [0, failed],
      [0, { kind: "done" }],
    ],
    2,
  );
  await clock.advance(2_000_000);
  expect(await ended).toBe(0);
  expect(notes.map((note) => /restart \d of \d/.exec(note)?.[0])).toEqual([
    "restart 1 of 2",
    "restart 2 of 2",
    "restart 1 of 2",
    "restart 2 of 2",
  ]);
});

test("whoever ends it while it waits is not kept waiting", async () => {
  const { clock, ended, stop, startedAt } = world([[0, failed]]);
  await clock.advance(100);
  stop.abort();
  expect([await ended, startedAt.length]).toEqual([75, 1]);
});
