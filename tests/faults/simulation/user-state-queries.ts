/** Queries with state, timers and timeouts of the user's. Their functions run in the engine, and in the naive model of it. */
import type { DataFrame, TimerValues } from "millrace";
import { modelOfWindowedCount } from "./late-row-models.ts";
import { type ModelBatch, originMs } from "./history.ts";
import { type GroupFunction, type KeyedRow, modelOfGroups, modelOfProcessor, type Processor } from "./naive-state.ts";
import { type Frame, frame, impatient, minutesOf, modelled, type SimulatedQuery } from "./simulated-query.ts";

type Events = DataFrame<{ readonly k: "string"; readonly at: "timestamp"; readonly n: "int" }>;
const output = { k: "string", what: "string", held: "string" } as const;
const schema = "k STRING, what STRING, held STRING";
// oxlint-disable-next-line typescript/explicit-function-return-type
const byKey = (events: Frame) => (events as unknown as Events).groupByKey((row) => row.k, "string");

/** All kinds of variables, and timers by event time: set and deleted by rows, set, deleted and cleared by timers. */
const timersByEventTime: Processor = (handle) => {
  const count = handle.getValueState("count", "int!");
  const list = handle.getListState("list", { n: "int" });
  const kinds = handle.getMapState("kinds", "string!", "int!");
  const held = (): string =>
    JSON.stringify([
      count.get(),
      [...list.get()].map(({ n }) => n),
      [...kinds.iterator()].map(([kind, times]) => `${kind} ${times}`).sort(),
      [...handle.listTimers()],
    ]);
  return {
    *handleInputRows(k, rows) {
      for (const { at, n } of rows) {
        count.update((count.get() ?? 0) + 1);
        if (n === 4) list.clear();
        list.appendValue({ n });
        if (n === 3) kinds.removeKey("1");
        else kinds.updateValue(`${n}`, (kinds.getValue(`${n}`) ?? 0) + 1);
        if (at === null) continue;
        const expiry = at.getTime() + 40_000;
        if (n === 0) handle.deleteTimer(expiry);
        else handle.registerTimer(expiry);
      }
      yield { k, what: "rows", held: held() };
    },
    *handleExpiredTimer(k, timer, times) {
      const at = timer.getExpiryTimeInMs();
      yield { k, what: `timer ${at}`, held: held() };
      const rows = count.get() ?? 0;
      if (rows % 3 === 1) handle.registerTimer(times.getCurrentWatermarkInMs() + 15_000);
      if (rows % 4 === 3) {
        count.clear();
        list.clear();
        kinds.clear();
      } else if (rows % 2 === 0) {
        const next = [...handle.listTimers()].find((other) => other > at);
        if (next !== undefined) handle.deleteTimer(next);
      }
    },
  };
};

/** Variables that expire, each kind after another time, and timers by the clock of the batches. */
const expiring: Processor = (handle) => {
  const last = handle.getValueState("last", "int!", { ttlDurationMs: 20_000 });
  const recent = handle.getListState("recent", { n: "int" }, { ttlDurationMs: 30_000 });
  const kinds = handle.getMapState("kinds", "string!", "int!", { ttlDurationMs: 10_000 });
  const held = (): string =>
    JSON.stringify([
      last.get(),
      [...recent.get()].map(({ n }) => n),
      [...kinds.iterator()].map(([kind, times]) => `${kind} ${times}`).sort(),
      [...handle.listTimers()],
    ]);
  return {
    *handleInputRows(k, rows, times: TimerValues) {
      const now = times.getCurrentProcessingTimeInMs();
      for (const { n } of rows) {
        if (n === null) recent.clear();
        else last.update(n);
        recent.appendValue({ n });
        kinds.updateValue(`${n}`, (kinds.getValue(`${n}`) ?? 0) + 1);
        const [first] = handle.listTimers();
        if (n === 4 && first !== undefined) handle.deleteTimer(first);
        else handle.registerTimer(now + (n ?? 6) * 10_000);
      }
      yield { k, what: "rows", held: held() };
    },
    *handleExpiredTimer(k, timer, times) {
      yield { k, what: `timer ${timer.getExpiryTimeInMs()}`, held: held() };
      // Not for ever: what it goes by expires.
      if (last.exists()) handle.registerTimer(times.getCurrentProcessingTimeInMs() + 7000);
      if (last.get() === 3) last.clear();
    },
  };
};

/** Rows and timers as rows with event time, for what follows. */
const passedOn: Processor<{ readonly k: string | null; readonly at: Date }> = (handle) => ({
  *handleInputRows(k, rows, times: TimerValues) {
    for (const { at } of rows) {
      if (at === null) continue;
      handle.registerTimer(at.getTime() + 70_000);
      yield { k, at: new Date(Math.max(at.getTime(), times.getCurrentWatermarkInMs())) };
    }
  },
  *handleExpiredTimer(k, _timer, times) {
    yield { k, at: new Date(times.getCurrentWatermarkInMs()) };
  },
});

function modelOfPassedOn(batches: readonly ModelBatch[]): object[][] {
  const passed = modelOfProcessor(passedOn, "EventTime", batches);
  const timed = batches.map(({ late, evict }, i) => ({
    late,
    evict,
    rows: passed[i]!.map(({ k, at }) => ({ k, at: at.getTime() - originMs })),
  }));
  return modelOfWindowedCount(timed, 60_000);
}

const nOf = (rows: Iterable<KeyedRow>): (number | null)[] => Array.from(rows, ({ n }) => n);

/** Counts the rows of a key until none has come for a while by event time. */
const idleByEventTime: GroupFunction = function* (k, rows, state) {
  const all = [...rows];
  const before = state.getOption()?.seen ?? 0;
  if (state.hasTimedOut) {
    yield { k, what: "timeout", held: `${before} of ${state.exists}` };
    if (before % 3 === 2) {
      state.update({ seen: before + 100 });
      state.setTimeoutTimestamp(state.getCurrentWatermarkMs() + 25_000);
    } else state.remove();
    return;
  }
  const seen = before + all.length;
  yield { k, what: "rows", held: `${seen} ${JSON.stringify(nOf(all))}` };
  // With or without a timeout, with one alone, and without a state that it is for.
  if (nOf(all).includes(0)) state.remove();
  else if (!nOf(all).includes(2)) state.update({ seen });
  if (nOf(all).includes(1)) return;
  const latest = Math.max(state.getCurrentWatermarkMs(), ...all.map(({ at }) => at?.getTime() ?? 0));
  state.setTimeoutTimestamp(latest + 20_000);
};

/** One row for each call, and a timeout by the clock of the batches. */
const idleByClock: GroupFunction = (k, rows, state) => {
  const all = nOf(rows);
  const seen = (state.getOption()?.seen ?? 0) + all.length;
  const row = { k, what: state.hasTimedOut ? "timeout" : "rows", held: `${seen} ${JSON.stringify(all)}` };
  if (state.hasTimedOut && seen % 2 === 0) state.remove();
  else {
    state.update({ seen });
    if (!state.hasTimedOut) state.setTimeoutDuration(((all.at(-1) ?? 3) + 1) * 10_000);
  }
  return [row];
};

export const userStateQueries: readonly SimulatedQuery[] = [
  modelled("variables, and timers by event time", schema, {
    build: (df) => frame(byKey(impatient(df)).transformWithState(timersByEventTime, { output, timeMode: "EventTime" })),
    rows: (batches) => modelOfProcessor(timersByEventTime, "EventTime", batches),
  }),
  modelled("variables that expire, and timers by the clock", schema, {
    mode: "update",
    build: (df) =>
      frame(
        byKey(df).transformWithState(expiring, {
          output,
          outputMode: "update",
          timeMode: "ProcessingTime",
        }),
      ),
    watermarks: { delays: [], policy: "min" },
    endsEmpty: true,
    rows: (batches) => modelOfProcessor(expiring, "ProcessingTime", batches),
  }),
  modelled("windows of rows and timers", "start TIMESTAMP, k STRING, count BIGINT", {
    build: (df) =>
      minutesOf(
        frame(
          byKey(impatient(df)).transformWithState(passedOn, {
            output: { k: "string", at: "timestamp" },
            timeMode: "EventTime",
            eventTimeColumn: "at",
          }),
        ),
      ),
    rows: modelOfPassedOn,
  }),
  modelled("states with timeouts by event time", schema, {
    build: (df) =>
      frame(
        byKey(impatient(df)).flatMapGroupsWithState(idleByEventTime, {
          state: { seen: "int!" },
          output,
          outputMode: "append",
          timeout: "EventTimeTimeout",
        }),
      ),
    rows: (batches) => modelOfGroups(idleByEventTime, "EventTimeTimeout", batches),
  }),
  modelled("states with timeouts by the clock, one row for each", schema, {
    mode: "update",
    build: (df) =>
      frame(
        byKey(df).mapGroupsWithState((...call) => [...idleByClock(...call)][0]!, {
          state: { seen: "int!" },
          output,
          timeout: "ProcessingTimeTimeout",
        }),
      ),
    watermarks: { delays: [], policy: "min" },
    rows: (batches) => modelOfGroups(idleByClock, "ProcessingTimeTimeout", batches),
  }),
];
