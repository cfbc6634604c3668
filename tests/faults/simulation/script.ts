/** Random histories of a query: what arrives, when it is started, and what goes wrong meanwhile. All of it is plain data. */
import fc from "fast-check";
import type { Fault, FaultCode, StepName, Survival } from "millrace/engine";
import { simulatedQueries } from "./queries.ts";

/** A row of a stream; times in milliseconds. */
export interface Event {
  readonly k: string | null;
  readonly at: number | null;
  readonly n: number | null;
}

/** What goes wrong in one run of the query. */
export type Trouble =
  | { readonly kind: "none" }
  | { readonly kind: "disk"; readonly fault: Fault }
  | { readonly kind: "read"; readonly at: number; readonly code: FaultCode; readonly times: number }
  /** The process dies, or the machine, when the `nth` batch of the run comes to a step. */
  | { readonly kind: "crash"; readonly step: StepName; readonly nth: number; readonly survive: Survival }
  /** `stop()` is called at the step. */
  | { readonly kind: "stop"; readonly step: StepName; readonly nth: number }
  /** The wall clock is set at the step. */
  | { readonly kind: "clock"; readonly step: StepName; readonly nth: number; readonly ms: number }
  /** Another process starts the same query at the step. */
  | { readonly kind: "second process"; readonly step: StepName; readonly nth: number }
  /** A thread ends when it has posted so many messages. */
  | { readonly kind: "thread"; readonly messages: number }
  /** A function of the user's throws at a row. */
  | { readonly kind: "function"; readonly call: number }
  /** The user's store fails before or after it has taken a batch. */
  | { readonly kind: "store"; readonly nth: number; readonly taken: boolean };

/** Rows that arrive together. */
export interface Unit {
  /** The stream, where the query reads two. */
  readonly to: 0 | 1;
  readonly rows: readonly Event[];
}

export interface Step {
  /** What arrives before the run. */
  readonly add: readonly Unit[];
  /** Time that passes before it. */
  readonly waitMs: number;
  /** Threads of the run. */
  readonly threads: number;
  /** A growing file is renamed, and begun anew, before they arrive. */
  readonly rotate: boolean;
  readonly trouble: Trouble;
}

export interface Script {
  readonly query: string;
  readonly source: "memory" | "files" | "tail";
  readonly sink: "store" | "files";
  readonly partitions: number;
  readonly deltasForSnapshot: number;
  readonly batchesToRetain: number;
  readonly compactInterval: number;
  readonly rowsPerBatch: number;
  readonly codegen: boolean;
  readonly steps: readonly Step[];
}

const stepNames = ["P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11"] as const;
const survive = fc.constantFrom<Survival>("all", "none", "random");
const at = fc.nat(90);
const nth = fc.nat(3);
const step = fc.constantFrom<StepName>(...stepNames);
const diskFault: fc.Arbitrary<Fault> = fc
  .record({
    at,
    fault: fc.constantFrom<Fault["fault"]>(
      "crashBefore",
      "crashAfter",
      "torn",
      "loseUnsynced",
      "ENOSPC",
      "EIO",
      "EMFILE",
    ),
    tearAt: fc.constantFrom(0, 1, 20, -1),
    survive,
  })
  .map(({ at: index, fault, tearAt, survive: kept }) =>
    // What was torn or lost is lost: only a plain crash leaves it open what survives.
    fault.startsWith("crash") ? { at: index, fault, survive: kept } : { at: index, fault, tearAt },
  );

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.constant({ kind: "none" as const }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("disk" as const), fault: diskFault }) },
  fc.record({
    kind: fc.constant("read" as const),
    at,
    code: fc.constantFrom<FaultCode>("EIO", "EMFILE"),
    times: fc.integer({ min: 1, max: 5 }),
  }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("crash" as const), step, nth, survive }) },
  fc.record({ kind: fc.constant("stop" as const), step, nth }),
  fc.record({
    kind: fc.constant("clock" as const),
    step,
    nth,
    ms: fc.constantFrom(-3_600_000, -1000, 1000, 3_600_000, 86_400_000),
  }),
  fc.record({ kind: fc.constant("second process" as const), step, nth }),
  fc.record({ kind: fc.constant("thread" as const), messages: fc.nat(4) }),
  fc.record({ kind: fc.constant("function" as const), call: fc.nat(12) }),
  fc.record({ kind: fc.constant("store" as const), nth, taken: fc.boolean() }),
);

const event: fc.Arbitrary<Event> = fc.record({
  k: fc.constantFrom("a", "b", "c", null),
  // Often tens of seconds, as delays and gaps are, so that times meet watermarks and ends; some miss them by a millisecond.
  at: fc.option(
    fc
      .tuple(
        fc.oneof(
          fc.integer({ min: 0, max: 300 }),
          fc.integer({ min: 0, max: 30 }).map((tens) => tens * 10),
        ),
        fc.constantFrom(0, 0, 0, 0, 1, -1),
      )
      .map(([seconds, off]) => Math.max(0, seconds * 1000 + off)),
    { nil: null, freq: 12 },
  ),
  n: fc.option(fc.integer({ min: 0, max: 4 }), { nil: null, freq: 5 }),
});

export const scripts: fc.Arbitrary<Script> = fc
  .record({
    query: fc.constantFrom(...simulatedQueries.map(({ name }) => name)),
    source: fc.constantFrom("memory" as const, "files" as const, "tail" as const),
    sink: fc.constantFrom("store" as const, "files" as const),
    partitions: fc.integer({ min: 1, max: 3 }),
    deltasForSnapshot: fc.integer({ min: 1, max: 4 }),
    batchesToRetain: fc.integer({ min: 1, max: 4 }),
    compactInterval: fc.integer({ min: 2, max: 4 }),
    rowsPerBatch: fc.integer({ min: 1, max: 6 }),
    codegen: fc.boolean(),
    steps: fc.array(
      fc.record({
        add: fc.array(
          fc.record({
            to: fc.constantFrom(0 as const, 1 as const),
            rows: fc.array(event, { minLength: 1, maxLength: 5 }),
          }),
          { maxLength: 3 },
        ),
        waitMs: fc.constantFrom(0, 0, 1000, 10_000, 20_000, 60_000),
        threads: fc.constantFrom(1, 1, 2, 3),
        rotate: fc.boolean(),
        trouble,
      }),
      { minLength: 1, maxLength: 7 },
    ),
  })
  .map((script) => {
    const query = simulatedQueries.find(({ name }) => name === script.query)!;
    return {
      ...script,
      source: query.sources.includes(script.source) ? script.source : query.sources[0]!,
      sink: query.mode === "append" ? script.sink : ("store" as const),
      // The model of late rows reads in the log which rows a batch had.
      batchesToRetain: query.oracle.kind === "model" ? 100 : script.batchesToRetain,
    };
  });
