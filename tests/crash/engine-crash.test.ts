/**
 * Whole queries, from their sources to their sinks, on a simulated disk: file operations are made to crash, to tear, to lose
 * what was not synced, or to fail; the query is started again until it ends, and what another program then reads must be
 * what it reads after a run without a fault, which in turn is what one batch over the same input gives. A second fault hits the recovery of every second run.
 *
 * All of it once more on a disk that writes the offsets of a batch after what the batch writes while it computes, and once more
 * with state on the local disk, of which every loss of power leaves only parts.
 *
 * Every k-th operation is taken for each fault, so that a query takes about ten seconds; the offset differs by fault.
 * `MILLRACE_CRASH_ALL=1` takes all.
 */
import type { Fault } from "millrace/engine";
import { describe, expect, test } from "vitest";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";
import { crashQueries } from "./crash-queries.ts";
import { crashRows } from "./crash-rows.ts";
import { stateProviders } from "../state-providers.ts";
import { batchAnswer, finalRows, play } from "./crash-world.ts";

const faults: readonly Fault["fault"][] = ["crashBefore", "crashAfter", "torn", "loseUnsynced", "ENOSPC", "EIO"];
const all = process.env["MILLRACE_CRASH_ALL"] === "1";
/** Orders of the disk, and how many runs of one query are made with it, about. */
const orders = [
  { order: "as they come", wanted: 300, state: "memory" },
  { order: "offsets last", wanted: 80, state: "memory" },
  { order: "as they come", wanted: 100, state: "disk" },
] as const;

describe.each(crashQueries)("$name", (query) => {
  test.each(orders.filter(({ state }) => state === "memory" || (query.stateful && query.settings === undefined)))(
    "no fault of a file operation changes the result, programs $order, state in $state",
    async ({ order, wanted, state }) => {
      const conf = stateProviders[state];
      const golden = await play(query, [], order, conf);
      const log = golden.runtime.fs.log;
      const commits = log.filter(
        ({ path, operation }) => operation === "link" && /\/checkpoint\/commits\/\d+$/.test(path),
      );
      expect(golden.result).not.toBe("");
      expect(finalRows(query, golden), "the batch answer").toBe(await batchAnswer(query, golden.runtime));
      expect(commits.length, "batches").toBeGreaterThanOrEqual(5);
      expect(
        log.some(({ path }) => path.endsWith(".compact")),
        "a compacted log",
      ).toBe(true);
      expect(
        log.some(({ path }) => path.endsWith(".snapshot")),
        "a snapshot",
      ).toBe(query.stateful);
      if (query.output !== undefined && !query.stateful) {
        const last = (operation: string, place: RegExp): number =>
          log.findLastIndex((entry) => entry.operation === operation && place.test(entry.path));
        const dataFirst = last("write", /^\/out\/.*part-/) < last("link", /\/checkpoint\/offsets\/\d+$/);
        expect(dataFirst, "data before the offsets").toBe(order === "offsets last");
      }

      const operations = golden.runtime.fs.operationCount;
      const every = all ? 1 : Math.max(1, Math.ceil((operations * faults.length) / wanted));
      let runs = 0;
      let restarted = 0;
      const count = new Map<string, number>();
      const startedAt = performance.now();
      for (const [i, fault] of faults.entries()) {
        for (let at = Math.floor((i * every) / faults.length); at < operations; at += every) {
          const second: Fault[] = runs % 2 === 0 ? [{ at: (runs * 7) % 50, fault: "crashAfter", survive: "none" }] : [];
          const place = `${fault} at operation ${at}: ${log[at]!.operation} ${log[at]!.path}, then ${JSON.stringify(second)}`;
          const outcome = await play(query, [{ at, fault }, ...second], order, conf).catch((error: unknown) => {
            throw new Error(place, { cause: error });
          });
          expect(outcome.result, place).toBe(golden.result);
          if (outcome.attempts > 1) {
            restarted++;
            for (const row of crashRows(log, { at, fault }, outcome.attempts > 2)) {
              count.set(row, (count.get(row) ?? 0) + 1);
            }
          }
          runs++;
        }
      }
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(
        `${query.name}, ${order}, ${state}: ${commits.length} batches, ${operations} operations, k = ${every}, ${runs} runs, ${restarted} with a restart, ${seconds} s`,
      );
      expect(restarted).toBeGreaterThan(runs / 2);
      for (const [row, times] of count) fired(row, times);
    },
    all ? 3_600_000 : 120_000,
  );
});
