/** mapGroupsWithState, flatMapGroupsWithState and transformWithState, batch by batch. */
import {
  sum,
  window,
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

  test("fires event-time timers that lie before the watermark, to the millisecond", async () => {
    const { clicks } = await world();
    const timers = clicks.df
      .withWatermark("at", "10 seconds")
      .groupByKey((row) => row.user, "string")
      .transformWithState(
        (handle) => ({
          handleInputRows(_user, rows) {
            for (const row of rows) handle.registerTimer(row.at!.getTime() + row.n!);
          },
          handleExpiredTimer: (user, timer) => [{ user, ms: timer.getExpiryTimeInMs() % 60_000 }],
        }),
        { output: { user: "string", ms: "int" }, timeMode: "EventTime" },
      );
    await testStream(timers)
      // The watermark comes to 00:00:20: one timer lies a millisecond before it, one at it.
      .add(clicks, click("a", "00:00:19", 999), click("b", "00:00:19", 1000), click("c", "00:00:30", 60_000))
      .expectNew([["a", 19_999]])
      .add(clicks, click("c", "00:00:30.001", 60_000))
      .expectNew([["b", 20_000]]);
  });
});

describe("what a processor is held to", () => {
  const count = (handle: StatefulProcessorHandle) => handle.getValueState("count", "int!");
  const counting =
    (options: { fails?: string } = {}) =>
    (handle: StatefulProcessorHandle) => {
      const n = count(handle);
      return {
        handleInputRows(user: string | null, rows: Iterable<unknown>) {
          if (user === options.fails) throw new RangeError("poison");
          n.update((n.get() ?? 0) + [...rows].length);
          return [{ user, n: n.get() }];
        },
      };
    };
  const output = { user: "string", n: "int" } as const;

  test("a poisoned key fails the batch by name; the corrected program goes on with that batch", async () => {
    const { clicks, byUser } = await world();
    const bad = byUser.transformWithState(counting({ fails: "b" }), { output, outputMode: "update" });
    const good = byUser.transformWithState(counting(), { output, outputMode: "update" });
    await testStream(bad, "update")
      .add(clicks, click("a", null))
      .expectNew([["a", 1]])
      .add(clicks, click("a", null), click("b", null))
      .expectError("TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR")
      .restart(good)
      .expectNew([
        ["a", 2],
        ["b", 1],
      ]);
    await expect(testStream(bad, "update").add(clicks, click("b", null)).processAll().run()).rejects.toThrow(
      /handleInputRows .*transformWithState \(0\), for the key b in batch 0\. Reason: RangeError: poison/,
    );
  });

  test("a variable may come, go, and get fields that can be NULL; other changes are refused", async () => {
    const { clicks, byUser } = await world();
    const keeping = (schema: Record<string, "int" | "string">, more?: string, kind: "value" | "list" = "value") =>
      byUser.transformWithState(
        (handle) => {
          const kept = kind === "value" ? handle.getValueState("kept", schema) : null;
          if (kind === "list") handle.getListState("kept", schema);
          const other = more === undefined ? null : handle.getValueState(more, "int!");
          return {
            handleInputRows(user, rows) {
              const before = JSON.stringify(kept?.get() ?? null);
              for (const row of rows)
                kept?.update(
                  Object.fromEntries(Object.keys(schema).map((k) => [k, k === "n" ? row.n : `${row.n}`])) as never,
                );
              other?.update((other.get() ?? 0) + 1);
              return [{ user, before, more: other?.get() ?? null }];
            },
          };
        },
        { output: { user: "string", before: "string", more: "int" }, outputMode: "update" },
      );
    await testStream(keeping({ n: "int" }), "update")
      .add(clicks, click("a", null, 1), click("b", null, 7))
      .expectNew([
        ["a", "null", null],
        ["b", "null", null],
      ])
      .stop()
      .restart(keeping({ n: "int", text: "string" }, "more"))
      .add(clicks, click("a", null, 2))
      .expectNew([["a", '{"n":1,"text":null}', 1]])
      .crash("afterStateCommit")
      .restart(keeping({ n: "int", text: "string" }, "more"))
      .add(clicks, click("a", null, 3), click("b", null, 8))
      .expectNew([
        ["a", '{"n":2,"text":"2"}', 2],
        ["b", '{"n":7,"text":null}', 1],
      ])
      .stop()
      .restart(keeping({ n: "int" }))
      .expectError("STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION")
      .restart(keeping({ n: "int", text: "int" }))
      .expectError("STATE_STORE_INVALID_VALUE_SCHEMA_EVOLUTION")
      .restart(keeping({ n: "int", text: "string" }, undefined, "list"))
      .expectError("STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE")
      // Without `more` for a while: it begins anew.
      .restart(keeping({ n: "int", text: "string" }))
      .add(clicks, click("a", null, 4))
      .expectNew([["a", '{"n":3,"text":"3"}', null]])
      .stop()
      .restart(keeping({ n: "int", text: "string" }, "more"))
      .add(clicks, click("a", null, 5))
      .expectNew([["a", '{"n":4,"text":"4"}', 1]]);
  });

  test("values are gone when their time has passed: a value, an element, an entry", async () => {
    const { clicks, byUser } = await world();
    const remembered = byUser.transformWithState(
      (handle) => {
        const ttl = { ttlDurationMs: 60_000 };
        const value = handle.getValueState("value", "int!", ttl);
        const list = handle.getListState("list", "int!", ttl);
        const map = handle.getMapState("map", "string!", "int!", ttl);
        return {
          handleInputRows(user, rows) {
            const before = `${value.get()} ${[...list.get()].join()} ${[...map.keys()].join()}`;
            for (const { n } of rows) {
              value.update(n!);
              list.appendValue(n!);
              map.updateValue(`k${n}`, n!);
            }
            return [{ user, before }];
          },
        };
      },
      { output: { user: "string", before: "string" }, timeMode: "ProcessingTime" },
    );
    await testStream(remembered)
      .add(clicks, click("a", null, 1))
      .expectNew([["a", "null  "]])
      .advance("40 seconds")
      .add(clicks, click("a", null, 2))
      .expectNew([["a", "1 1 k1"]])
      .advance("30 seconds")
      .stop()
      .restart()
      .add(clicks, click("a", null, 3))
      .expectNew([["a", "2 2 k2"]])
      .advance("1 minute")
      .add(clicks, click("a", null, 4))
      .expectNew([["a", "null  "]]);
  });

  test("begins with the rows of an initial state, in the first batch only", async () => {
    const { spark, clicks, byUser } = await world();
    const before = spark
      .createDataFrame(
        [
          { user: "a", sum: 10 },
          { user: "z", sum: 1 },
        ],
        { user: "string", sum: "bigint" },
      )
      .groupByKey((row) => row.user, "string");
    const sums = byUser.flatMapGroupsWithState(
      (user, rows, state) => {
        const sum = [...rows].reduce((total, row) => total + row.n!, state.getOption()?.sum ?? 0);
        state.update({ sum });
        return [{ user, sum }];
      },
      {
        state: { sum: "bigint" },
        output: { user: "string", sum: "bigint" },
        outputMode: "update",
        initialState: before,
      },
    );
    await testStream(sums, "update")
      .add(clicks, click("a", null, 1), click("b", null, 2))
      .expectNew([
        ["a", 11],
        ["b", 2],
        ["z", 1],
      ])
      .stop()
      .restart()
      .add(clicks, click("z", null, 5))
      .expectNew([["z", 6]]);
  });

  test("of a table each key is seen once, with all its rows", async () => {
    const { spark } = await world();
    const rows = spark.createDataFrame(
      ["a", "b", "a"].map((user, n) => ({ user, at: new Date(0), n })),
      schema,
    );
    const groups = rows.groupByKey((row) => row.user, "string");
    const counted = groups.transformWithState(counting(), { output, outputMode: "update" });
    expect((await counted.collect()).map(({ user, n }) => [user, n])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    const first = groups.mapGroupsWithState((user, all, state) => ({ user, n: state.exists ? -1 : [...all].length }), {
      state: "int",
      output,
    });
    expect((await first.collect()).map(({ user, n }) => [user, n])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });

  test.each([
    [
      "a name twice",
      "STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED",
      (h: StatefulProcessorHandle) => [count(h), count(h)],
    ],
    [
      "no name",
      "STATE_STORE_CANNOT_USE_COLUMN_FAMILY_WITH_INVALID_NAME",
      (h: StatefulProcessorHandle) => h.getValueState(" x", "int"),
    ],
    [
      "a reserved name",
      "STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS",
      (h: StatefulProcessorHandle) => h.getValueState("$x", "int"),
    ],
    [
      "a time to live without a clock",
      "STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL",
      (h: StatefulProcessorHandle) => h.getValueState("x", "int", { ttlDurationMs: 1 }),
    ],
    [
      "a value in init",
      "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE",
      (h: StatefulProcessorHandle) => count(h).get(),
    ],
    [
      "a timer in init",
      "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE",
      (h: StatefulProcessorHandle) => h.registerTimer(1),
    ],
  ] as const)("refuses %s before anything starts", async (_what, errorClass, init) => {
    const { byUser } = await world();
    const refused = byUser.transformWithState(
      (handle) => ({ init: () => void init(handle), handleInputRows: () => [] }),
      { output },
    );
    await expect(refused.schema()).rejects.toMatchObject({ errorClass });
  });

  test.each([
    [
      "a timer without a clock",
      "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE",
      (h: StatefulProcessorHandle) => h.registerTimer(1),
    ],
    [
      "NULL as a value",
      "ILLEGAL_STATE_STORE_VALUE.NULL_VALUE",
      (_h: StatefulProcessorHandle, v: ValueState<number>) => v.update(null as never),
    ],
    ["a promise", "TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR", () => Promise.resolve([])],
  ] as const)("fails the batch for %s", async (_what, errorClass, act) => {
    const { clicks, byUser } = await world();
    const failing = byUser.transformWithState(
      (handle) => {
        const n = count(handle);
        return { handleInputRows: () => act(handle, n) as never };
      },
      { output },
    );
    await testStream(failing).add(clicks, click("a", null)).expectError(errorClass);
  });
});

describe("output modes and chains", () => {
  test("are refused as Spark refuses them", async () => {
    const { clicks, byUser } = await world();
    const options = { state: "int", output: { n: "int" } } as const;
    const map = byUser.mapGroupsWithState(() => ({ n: 1 }), options);
    const flat = byUser.flatMapGroupsWithState(() => [], { ...options, outputMode: "update" });
    const timed = byUser.flatMapGroupsWithState(() => [], {
      ...options,
      outputMode: "append",
      timeout: "EventTimeTimeout",
    });
    const refused = "UNSUPPORTED_STREAMING_OPERATION" as const;
    await testStream(map, "append").add(clicks).expectError(refused);
    await testStream(flat, "append").add(clicks).expectError(refused);
    await testStream(flat.groupBy("n").count(), "update").add(clicks).expectError(refused);
    await testStream(timed, "append").add(clicks).expectError(refused);
    const twice = map.groupByKey((row) => row.n, "int").mapGroupsWithState(() => ({ n: 1 }), options);
    await testStream(twice, "update").add(clicks).expectError(refused);
  });

  test("a processor gives event time on: windows above it close by its watermark", async () => {
    const { clicks } = await world();
    const doubled = clicks.df
      .withWatermark("at", "10 seconds")
      .groupByKey((row) => row.user, "string")
      .transformWithState(
        () => ({
          *handleInputRows(user, rows) {
            for (const { at, n } of rows) yield { user, at, n: 2 * n! };
          },
        }),
        { output: { user: "string", at: "timestamp", n: "int" }, eventTimeColumn: "at" },
      );
    await testStream(doubled.groupBy(window("at", "10 seconds")).agg(sum("n").as("n")).select("n"))
      .add(clicks, click("a", "00:00:01", 1), click("b", "00:00:09", 2))
      .expectNew([])
      .add(clicks, click("a", "00:00:25", 4))
      .expectNew([[6]]);
  });
});
