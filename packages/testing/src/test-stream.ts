import type {
  DataFrame,
  ErrorClass,
  LateRowsOrigin,
  OutputMode,
  Schema,
  SchemaLiteral,
  StreamingQuery,
  Trigger,
  ValueOptions,
} from "millrace";
import { isMillraceError } from "millrace";
import {
  intervalMillis,
  SimulatedCrash,
  type SimulatedRuntime,
  type SqlValue,
  type StepName,
  type Survival,
} from "millrace/engine";
import { differenceOf, type ExpectedRow } from "./compare-rows.ts";
import { drive, pass } from "./drive.ts";
import { addRows, type MemorySource, type TestRow } from "./memory-stream.ts";
import { ScriptSink } from "./script-sink.ts";
import type { TestEngine } from "./test-engine.ts";

/** Where a process may die: the steps of a micro-batch, by number or by what has just happened. */
export type CrashStep = StepName | NamedStep;

/** What has happened when the process dies. */
export type NamedStep =
  | "afterOffsets"
  | "beforeStateCommit"
  | "afterStateCommit"
  | "afterSinkCommit"
  | "beforeCommit"
  | "afterCommit";

/** A step is announced when it begins, so what a name says has happened when the step after it begins. */
const namedSteps: Readonly<Record<NamedStep, StepName>> = {
  afterOffsets: "P5",
  beforeStateCommit: "P7",
  afterStateCommit: "P8",
  afterSinkCommit: "P9",
  beforeCommit: "P10",
  afterCommit: "P11",
};

export interface TestStreamOptions {
  /** When batches start. Default: whenever there is data. With an interval, batches start only when time passes. */
  readonly trigger?: Trigger;
  /** What the query's writer gets as `lateRows`. */
  readonly lateRows?: (rows: DataFrame, origin: LateRowsOrigin) => void | Promise<void>;
}

export interface CrashOptions {
  /** What of the unsynced data survives: none (power loss, the default), all (the process was killed), or a random part. */
  readonly survive?: Survival;
}

/** Gives each script a checkpoint of its own. */
let scripts = 0;

interface Action {
  readonly text: string;
  run(): Promise<void> | void;
}

/** A step of a script that did not go as written. The message shows the whole script. */
export class ScriptFailure extends Error {
  override readonly name = "ScriptFailure";
}

/**
 * A script of actions for a query of a {@link testSession}: `await testStream(query, "append").add(source, row).expectNew([])`.
 * Nothing runs before the script is awaited, or {@link TestStream.run} is called.
 */
export function testStream<S extends Schema, O extends ValueOptions>(
  query: DataFrame<S, O>,
  outputMode: OutputMode = "append",
  options: TestStreamOptions = {},
): TestStream {
  return new TestStream(query as unknown as DataFrame, outputMode, options);
}

export class TestStream implements PromiseLike<void> {
  #frame: DataFrame;
  readonly #outputMode: OutputMode;
  readonly #trigger: Trigger;
  readonly #lateRows: TestStreamOptions["lateRows"];
  readonly #waitsForClock: boolean;
  readonly #actions: Action[] = [];
  readonly #sink = new ScriptSink();
  readonly #checkpoint: string;
  #query: StreamingQuery | null = null;
  #failure: unknown = null;
  #seen = -1;
  #crashAt: { readonly step: StepName; readonly survive: Survival } | null = null;
  #crashed: Survival | null = null;
  #result: Promise<void> | null = null;

  constructor(frame: DataFrame, outputMode: OutputMode, options: TestStreamOptions) {
    this.#frame = frame;
    this.#outputMode = outputMode;
    this.#lateRows = options.lateRows;
    this.#trigger = options.trigger ?? { processingTime: 0 };
    this.#waitsForClock = "processingTime" in this.#trigger && intervalMillis(this.#trigger.processingTime) > 0;
    this.#checkpoint = `/checkpoints/test-${scripts++}`;
  }

  // ---- the actions ---------------------------------------------------------------------------------------------------

  /** Adds rows to a source as one unit. */
  add<T extends SchemaLiteral>(source: MemorySource<T> | DataFrame<T>, ...rows: readonly TestRow<T>[]): this {
    return this.#then(`add(${rows.map(shown).join(", ")})`, () => addRows(source as unknown as MemorySource, rows));
  }

  /** Does anything with the simulated machine, such as writing an input file. */
  do(what: string, action: (runtime: SimulatedRuntime) => Promise<void> | void): this {
    return this.#then(`do(${what})`, () => action(this.#engine.runtime));
  }

  /** Waits until all that the sources have is processed. With a trigger interval, time passes for it. */
  processAll(): this {
    return this.#then("processAll()", () => this.#processAll());
  }

  /** Lets time pass: `"10 seconds"`, or milliseconds. */
  advance(interval: string | number): this {
    const ms = millisOf(interval);
    return this.#then(`advance(${shown(interval)})`, () => this.#pass(ms));
  }

  /**
   * Rows that came since the last `expectNew`, in any order; with output mode complete those of the last batch. Everything
   * available is processed first, unless the trigger waits for time to pass. Only the columns named here are compared; times
   * may be given as `"12:00:05"` and a field of a struct column (`window.start`) by its own name.
   */
  expectNew(rows: readonly ExpectedRow[]): this {
    return this.#then(`expectNew([${rows.map(shown).join(", ")}])`, async () => {
      await this.#catchUp();
      const batches = [...this.#sink.batches].filter(([batchId]) => batchId > this.#seen);
      this.#seen = Math.max(this.#seen, ...batches.map(([batchId]) => batchId));
      this.#compare(
        batches.map(([, each]) => each),
        rows,
      );
    });
  }

  /** All rows so far, in any order; with output mode complete those of the last batch. */
  expectAll(rows: readonly ExpectedRow[]): this {
    return this.#then(`expectAll([${rows.map(shown).join(", ")}])`, async () => {
      await this.#catchUp();
      this.#compare([...this.#sink.batches.values()], rows);
    });
  }

  /** The query has failed, or fails over what is available, with an error of this class (itself, or as the cause). */
  expectError(errorClass: ErrorClass): this {
    return this.#then(`expectError(${errorClass})`, async () => {
      if (this.#failure === null) {
        await this.#processAll().catch((error: unknown) => {
          this.#failure = error;
        });
      }
      const failure = this.#failure;
      this.#failure = null;
      this.#query = null;
      const classes: string[] = [];
      for (let error = failure; error !== undefined && error !== null; error = (error as Error).cause) {
        if (isMillraceError(error)) classes.push(error.errorClass);
      }
      if (classes.includes(errorClass)) return;
      const what = failure === null ? "the query did not fail" : `it failed with ${describe(failure)}`;
      throw new ScriptFailure(`Expected an error of class ${errorClass}, but ${what}.`, { cause: failure });
    });
  }

  /**
   * The process dies while it processes what is available, when a batch comes to the step; without a step, or with nothing
   * to process, right away. Only `restart` can follow.
   */
  crash(step?: CrashStep, options: CrashOptions = {}): this {
    const survive = options.survive ?? "none";
    if (step !== undefined && !(step in namedSteps) && !/^P(?:[2-9]|1[01])$/.test(step)) {
      const named = Object.keys(namedSteps).join(", ");
      throw new TypeError(`crash() takes a step of a batch, not '${String(step)}': P2 to P11, ${named}.`);
    }
    return this.#then(`crash(${step ?? ""})`, async () => {
      if (step !== undefined) {
        this.#crashAt = {
          step: step in namedSteps ? namedSteps[step as keyof typeof namedSteps] : (step as StepName),
          survive,
        };
        await this.#processAll().catch((error: unknown) => {
          if (this.#crashed === null) throw error;
        });
        this.#crashAt = null;
      }
      if (this.#crashed === null) {
        this.#engine.runtime.fs.crash(survive);
        this.#crashed = survive;
      }
    });
  }

  /**
   * Starts the query again from its checkpoint: in a new process after a crash, else after it was stopped.
   * @param changed what the query is from now on: a changed program
   */
  restart<S extends Schema, O extends ValueOptions>(changed?: DataFrame<S, O>): this {
    return this.#then(changed === undefined ? "restart()" : "restart(changed query)", async () => {
      if (changed !== undefined) this.#frame = changed as unknown as DataFrame;
      if (this.#crashed !== null) {
        const survive = this.#crashed;
        await this.#drive(this.#engine.replaceProcess(survive));
        this.#crashed = null;
      } else if (this.#query !== null) {
        await this.#drive(this.#query.stop());
      }
      this.#query = null;
      this.#failure = null;
      await this.#start();
    });
  }

  /** Stops the query. */
  stop(): this {
    return this.#then("stop()", async () => {
      if (this.#query !== null) await this.#drive(this.#query.stop());
    });
  }

  // ---- running -------------------------------------------------------------------------------------------------------

  /** Runs the script once; resolves when all went as written. */
  run(): Promise<void> {
    return (this.#result ??= this.#play());
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a script is awaited as it is written
  then<A = void, B = never>(
    done?: ((value: void) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.run().then(done, failed);
  }

  async #play(): Promise<void> {
    this.#sink.onStep = (step, batchId) => this.#onStep(step, batchId);
    let current = -1;
    try {
      await this.#start();
      for (const [i, action] of this.#actions.entries()) {
        current = i;
        if (this.#crashed !== null && !action.text.startsWith("restart")) {
          throw new ScriptFailure("The process has crashed; only restart() can follow.");
        }
        await action.run();
      }
      if (this.#failure !== null) throw new ScriptFailure(`The query failed: ${describe(this.#failure)}`);
    } catch (error) {
      const script = this.#actions.map(({ text }, i) => `${i === current ? "=>" : "  "} ${text}`);
      throw new ScriptFailure(
        `${describe(error)}\n\n== Script ==\n${[`   testStream(query, "${this.#outputMode}")`, ...script].join("\n")}`,
        { cause: error },
      );
    } finally {
      if (this.#crashed !== null) await this.#drive(this.#engine.replaceProcess(this.#crashed));
      else if (this.#query !== null) await this.#drive(this.#query.stop());
    }
  }

  #then(text: string, run: () => Promise<void> | void): this {
    if (this.#result !== null) throw new TypeError("The script has been run; write all actions before it is awaited.");
    this.#actions.push({ text, run });
    return this;
  }

  /** Starts the query. That it cannot start is its failure, which a script may expect. */
  async #start(): Promise<void> {
    const writer = this.#frame.writeStream
      .outputMode(this.#outputMode)
      .format(this.#sink)
      .option("checkpointLocation", this.#checkpoint)
      .trigger(this.#trigger);
    if (this.#lateRows !== undefined) writer.lateRows(this.#lateRows);
    try {
      this.#query = await this.#drive(writer.start());
    } catch (error) {
      this.#failure = error;
    }
  }

  #onStep(step: StepName, batchId: number): void {
    if (this.#crashAt?.step !== step) return;
    const { survive } = this.#crashAt;
    this.#crashAt = null;
    this.#crashed = survive;
    this.#engine.runtime.fs.crash(survive);
    throw new SimulatedCrash(batchId);
  }

  get #engine(): TestEngine {
    const { engine } = this.#sink;
    if (engine === null) throw new TypeError("testStream() takes a query of a session made by testSession().");
    return engine;
  }

  #resting = (): boolean => {
    const query = this.#query;
    if (query?.isActive !== true || !query.status.isTriggerActive) return true;
    // A batch in real time rests while it waits for rows.
    return "realTime" in this.#trigger && query.status.message === "Waiting for data to arrive";
  };

  #drive<T>(work: Promise<T>): Promise<T> {
    return drive(this.#engine.runtime.clock, work, this.#resting);
  }

  async #pass(ms: number): Promise<void> {
    await pass(this.#engine.runtime.clock, ms, this.#resting);
    this.#throwFailure();
  }

  async #processAll(): Promise<void> {
    this.#throwFailure();
    if (this.#query === null) return;
    const ends = "availableNow" in this.#trigger || "once" in this.#trigger;
    await this.#drive(ends ? this.#query.awaitTermination().then(() => undefined) : this.#query.processAllAvailable());
  }

  /** Before rows are looked at. */
  async #catchUp(): Promise<void> {
    if (this.#waitsForClock) await this.#pass(0);
    else await this.#processAll();
  }

  #throwFailure(): void {
    const failure = this.#failure ?? this.#query?.exception ?? null;
    if (failure !== null && this.#crashed === null) throw failure as Error;
  }

  #compare(batches: readonly (readonly (readonly SqlValue[])[])[], rows: readonly ExpectedRow[]): void {
    const { schema } = this.#sink;
    if (schema === undefined) throw new ScriptFailure("The query has not started.");
    const actual = this.#outputMode === "complete" ? (batches.at(-1) ?? []) : batches.flat();
    const difference = differenceOf(schema, actual, rows);
    if (difference !== null) throw new ScriptFailure(`The rows are not the expected ones.\n${difference}`);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A value of a script as its report shows it. */
function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${name}: ${shown(each)}`)
    .join(", ")} }`;
}

function millisOf(interval: string | number): number {
  try {
    return intervalMillis(interval);
  } catch (cause) {
    const message = `advance() takes milliseconds or a text such as "10 seconds", not ${shown(interval)}.`;
    throw new TypeError(message, { cause });
  }
}
