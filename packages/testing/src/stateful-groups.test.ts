/** mapGroupsWithState, flatMapGroupsWithState and transformWithState, batch by batch. */
import {
  type GroupState,
  type ListState,
  type MapState,
  type StatefulProcessor,
  type StatefulProcessorHandle,
  type TimerValues,
  type ValueState,
} from "millrace";
import { describe, expect, test } from "vitest";
import { memoryStream, testSession, testStream } from "./index.ts";

const schema = { user: "string", at: "timestamp", n: "int" } as const;
const click = (user: string | null, at: string | null, n = 1) => ({ user, at, n });

async function world() {
  const spark = await testSession();
  const clicks = memoryStream(spark, schema);
  return { spark, clicks, byUser: clicks.df.groupByKey((row) => row.user, "string") };
}

describe("flatMapGroupsWithState", () => {
  test("keeps a state for each key, over batches and restarts, until it is removed", async () => {
    const { clicks, byUser } = await world();
    const sums = byUser.flatMapGroupsWithState(
      (user, rows, state) => {
        let sum = state.getOption()?.sum ?? 0;
        for (const row of rows) sum += row.n ?? 0;
        if (sum < 10) {
          state.update({ sum });
          return [];
        }
        state.remove();
        return [{ user, sum }];
      },
      { state: { sum: "bigint" }, output: { user: "string", sum: "bigint" }, outputMode: "append" },
    );
    await testStream(sums)
      .add(clicks, click("a", "00:00:01", 4), click(null, "00:00:01", 9), click("a", "00:00:02", 5))
      .expectNew([])
      .crash("afterStateCommit")
      .restart()
      .add(clicks, click("a", "00:00:03", 1), click("b", "00:00:03", 2))
      .expectNew([["a", 10]])
      .stop()
      .restart()
      .add(clicks, click(null, "00:00:04", 3), click("a", "00:00:04", 3))
      .expectNew([[null, 12]]);
  });

  test("calls the function for keys whose event-time timeout the watermark has passed, once", async () => {
    const { clicks } = await world();
    const ended = clicks.df
      .withWatermark("at", "10 seconds")
      .groupByKey((row) => row.user!, "string!")
      .flatMapGroupsWithState(
        (user, rows, state: GroupState<number>) => {
          if (state.hasTimedOut) {
            const n = state.get();
            state.remove();
            return [{ user, n, why: `left at ${state.getCurrentWatermarkMs() / 1000}` }];
          }
          const all = [...rows];
          state.update((state.getOption() ?? 0) + all.length);
          state.setTimeoutTimestamp(Math.max(...all.map((row) => row.at!.getTime())), "20 seconds");
          return [];
        },
        {
          state: "int",
          output: { user: "string", n: "int", why: "string" },
          outputMode: "append",
          timeout: "EventTimeTimeout",
        },
      )
      .select("user", "n");
    await testStream(ended)
      .add(clicks, click("a", "00:00:05"), click("b", "00:00:30"))
      .expectNew([])
      // The watermark is 00:00:20: a late row of `c` is dropped, one of `a` in time counts.
      .add(clicks, click("c", "00:00:20"), click("a", "00:00:21"), click("b", "00:00:36"))
      // Now it is 00:00:26, and comes to 00:00:42 with the next rows: past the timeout of `a`, 00:00:41.
      .add(clicks, click("d", "00:00:52"))
      .expectNew([["a", 2]])
      .add(clicks, click("d", "00:01:30"))
      .expectNew(
        [
          ["b", 2],
          ["d", 1],
        ].slice(0, 1),
      )
      .stop();
  });
});

describe("transformWithState", () => {
  class Totals implements StatefulProcessor<
    string | null,
    { readonly n: number | null },
    { user: string | null; total: number }
  > {
    #total!: ValueState<number>;
    #log!: ListState<{ readonly n: number | null }>;
    #seen!: MapState<number, boolean>;
    init(handle: StatefulProcessorHandle): void {
      this.#total = handle.getValueState("total", "bigint!");
      this.#log = handle.getListState("log", { n: "int" });
      this.#seen = handle.getMapState("seen", "int!", "boolean!");
    }
    *handleInputRows(user: string | null, rows: Iterable<{ readonly n: number | null }>) {
      for (const { n } of rows) {
        if (this.#seen.containsKey(n!)) continue;
        this.#seen.updateValue(n!, true);
        this.#log.appendValue({ n });
        this.#total.update((this.#total.get() ?? 0) + n!);
      }
      expect([...this.#log.get()].reduce((sum, { n }) => sum + n!, 0)).toBe(this.#total.get());
      expect([...this.#seen.keys()].length).toBe([...this.#log.get()].length);
      yield { user, total: this.#total.get()! };
    }
  }

  test("keeps values, lists and maps for each key, over batches, crashes and restarts", async () => {
    const { clicks, byUser } = await world();
    const totals = byUser.transformWithState(() => new Totals(), {
      output: { user: "string", total: "bigint" },
      outputMode: "update",
    });
    await testStream(totals, "update")
      .add(clicks, click("a", null, 1), click("a", null, 2), click(null, null, 5), click("a", null, 1))
      .expectNew([
        ["a", 3],
        [null, 5],
      ])
      .crash("afterStateCommit")
      .restart()
      .add(clicks, click("a", null, 2), click("a", null, 10), click(null, null, 6))
      .expectNew([
        ["a", 13],
        [null, 11],
      ])
      .stop()
      .restart()
      .add(clicks, click("a", null, 10), click("b", null, 1))
      .expectNew([
        ["a", 13],
        ["b", 1],
      ]);
  });

  test("fires processing-time timers in the order of their times, once each, also after a restart", async () => {
    const { clicks, byUser } = await world();
    const alarms = byUser.transformWithState(
      (handle) => ({
        handleInputRows(_user, rows, times: TimerValues) {
          for (const row of rows) handle.registerTimer(times.getCurrentProcessingTimeInMs() + row.n! * 1000);
        },
        handleExpiredTimer(user, timer, times) {
          const late = times.getCurrentProcessingTimeInMs() - timer.getExpiryTimeInMs();
          return [{ user, late }];
        },
      }),
      { output: { user: "string", late: "bigint" }, timeMode: "ProcessingTime" },
    );
    await testStream(alarms.select("user"))
      .add(clicks, click("a", null, 5), click("b", null, 3), click("a", null, 60), click("c", null, 3))
      .expectNew([])
      .advance("2 seconds")
      .expectNew([])
      .advance("10 seconds")
      .expectNew([["b"], ["c"], ["a"]])
      .stop()
      .restart()
      .expectNew([])
      .advance("2 minutes")
      .expectNew([["a"]]);
  });
});
