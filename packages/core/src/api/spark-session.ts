import { MillraceError } from "../errors/index.ts";
import type { SchemaLiteral, ValueOptions } from "../types/schema-literal.ts";
import type { Row, Schema, UntypedSchema } from "./column-types.ts";
import { Catalog } from "./catalog.ts";
import { DataFrame } from "./data-frame.ts";
import { DataFrameReader } from "./data-frame-reader.ts";
import { DataStreamReader } from "./data-stream-reader.ts";
import type { Engine, LogLevel, NewSessionOptions } from "../session/engine.ts";
import { inferSchema, localRelation } from "./local-rows.ts";
import { type SchemaInput, type SchemaOf, structTypeOf } from "./read-schema.ts";
import { RuntimeConfig } from "./runtime-config.ts";
import { type SessionContext, sessionOf, sessionOpened } from "./session-context.ts";
import { runningSession, SessionBuilder } from "./session-builder.ts";
import { StreamingQueryManager } from "./streaming-query.ts";
import type { SchemaFromRow } from "./row-types.ts";

/** What Spark keeps beside the session. */
export interface SparkContext {
  readonly appName: string;
  /** As given to `master`. */
  readonly master: string;
  /** Which messages about the work reach the standard error. */
  setLogLevel(level: LogLevel): void;
}

const levels: readonly string[] = ["ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"];

/**
 * The entry to everything: reads, streams, settings. `await using spark = await SparkSession.builder.appName("x").getOrCreate()`
 * stops it at the end of the block. `O` says how values look in this session's rows.
 */
export class SparkSession<O extends ValueOptions = {}> implements AsyncDisposable {
  readonly conf: RuntimeConfig;
  readonly sparkContext: SparkContext;
  readonly #context: OpenSession;

  /** Describes a session and opens it. */
  static get builder(): SessionBuilder {
    return new SessionBuilder((context) => new SparkSession(context));
  }
  /**
   * The session that `getOrCreate` gives, or undefined when none runs. The compiler does not know how it was built: name the
   * options where it was with some, `SparkSession.getActiveSession<{ bigint: true }>()`.
   */
  static getActiveSession<O extends ValueOptions = {}>(): SparkSession<O> | undefined {
    const context = runningSession();
    return context === undefined ? undefined : sessionOf<O>(context);
  }
  /**
   * As {@link getActiveSession}, for programs that know that one runs.
   * @throws MillraceError NO_ACTIVE_OR_DEFAULT_SESSION when none does
   */
  static active<O extends ValueOptions = {}>(): SparkSession<O> {
    const session = SparkSession.getActiveSession<O>();
    if (session === undefined) throw new MillraceError("NO_ACTIVE_OR_DEFAULT_SESSION", {});
    return session;
  }

  constructor(context: OpenSession) {
    this.#context = context;
    sessionOpened(context, this);
    this.conf = new RuntimeConfig(() => context.engine.conf);
    this.sparkContext = {
      appName: context.appName,
      master: context.master,
      setLogLevel(level) {
        const wanted = level.toUpperCase();
        if (!levels.includes(wanted)) {
          const expected = `The levels are ${levels.join(", ")}.`;
          throw new MillraceError("INVALID_OPTION", {
            option: "logLevel",
            provider: "sparkContext",
            value: level,
            expected,
          });
        }
        context.engine.setLogLevel(wanted as LogLevel);
      },
    };
  }

  /** Version of Millrace. */
  get version(): string {
    return this.#context.engine.version;
  }
  /** Reads finite data. */
  get read(): DataFrameReader<UntypedSchema, O> {
    return new DataFrameReader<UntypedSchema, O>(this.#context);
  }
  /** Reads streams. */
  get readStream(): DataStreamReader<UntypedSchema, O> {
    return new DataStreamReader<UntypedSchema, O>(this.#context);
  }
  /** Views, functions and caches. */
  get catalog(): Catalog {
    return new Catalog(this.#context);
  }
  /** The streaming queries of this session. */
  get streams(): StreamingQueryManager {
    return new StreamingQueryManager(this.#context, (plan) => new DataFrame(this.#context, plan));
  }

  /** Numbers from 0, or from `start`, up to but not `end`, as column `id`. `spark.range(10)`, `spark.range(0, 100, 5)` */
  range(end: number | bigint): DataFrame<{ readonly id: "bigint!" }, O>;
  range(
    start: number | bigint,
    end: number | bigint,
    step?: number | bigint,
    numPartitions?: number,
  ): DataFrame<{ readonly id: "bigint!" }, O>;
  range(
    first: number | bigint,
    second?: number | bigint,
    step: number | bigint = 1,
    numPartitions?: number,
  ): DataFrame<{ readonly id: "bigint!" }, O> {
    const [start, end] =
      second === undefined ? [0n, whole(first, "end")] : [whole(first, "start"), whole(second, "end")];
    const by = whole(step, "step");
    if (by === 0n) throw rangeError("step", "0", "It must not be 0.");
    return new DataFrame<{ readonly id: "bigint!" }, O>(this.#context, {
      kind: "Range",
      start,
      end,
      step: by,
      ...(numPartitions === undefined ? {} : { numPartitions }),
    });
  }

  /**
   * A DataFrame of rows that the program holds: objects by column name. The schema is a literal, which the compiler
   * checks the rows against; without one it is taken from the rows.
   * `spark.createDataFrame([{ id: 1, name: "Ada" }], { id: "bigint!", name: "string" })`
   */
  createDataFrame<const T extends SchemaLiteral>(rows: readonly PartialRow<T, O>[], schema: T): DataFrame<T, O>;
  createDataFrame(
    rows: readonly object[],
    schema: string | Exclude<SchemaInput, SchemaLiteral>,
  ): DataFrame<UntypedSchema, O>;
  createDataFrame<R extends object>(rows: readonly R[]): DataFrame<SchemaFromRow<R>, O>;
  createDataFrame(rows: readonly object[], schema?: SchemaInput): unknown {
    const struct = schema === undefined ? inferSchema(rows) : structTypeOf(schema);
    const timeZone = this.#context.engine.conf.get("spark.sql.session.timeZone") ?? "UTC";
    return new DataFrame<Schema, O>(this.#context, localRelation(rows, struct, timeZone));
  }
  /** A DataFrame without rows. `spark.emptyDataFrame({ id: "bigint!", name: "string" })` */
  emptyDataFrame<const T extends SchemaInput>(schema: T): DataFrame<SchemaOf<T>, O> {
    return new DataFrame<SchemaOf<T>, O>(this.#context, localRelation([], structTypeOf(schema), "UTC"));
  }
  /** A registered view, finite or streaming, or the table of a memory sink. */
  table(name: string): DataFrame<UntypedSchema, O> {
    return new DataFrame<UntypedSchema, O>(this.#context, { kind: "NamedTable", name, streaming: false });
  }
  /** Removes a view; false when there was none. */
  dropTempView(name: string): boolean {
    return this.#context.engine.tables.dropView(name);
  }

  /**
   * A session with settings and views of its own, on the same engine. `newSession({ roles: ["analyst"] })` gives it some of
   * this session's roles; without them it has the same. With `viewsOnly: true` it, and sessions that it opens, read views
   * that other sessions made and rows of their own (`createDataFrame`), but nothing by format and path.
   * @throws MillraceError INSUFFICIENT_PERMISSIONS for a role that this session does not have
   */
  async newSession(options: NewSessionOptions = {}): Promise<SparkSession<O>> {
    return new SparkSession<O>({ ...this.#context, engine: await this.#context.engine.newSession(options) });
  }
  /** Stops the session's streaming queries and releases what it holds. */
  async stop(): Promise<void> {
    this.#context.onStop();
    await this.#context.engine.stop();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Rows as they are given: columns that can be NULL may be left out. */
export type PartialRow<T extends SchemaLiteral, O extends ValueOptions> = {
  readonly [K in keyof T as null extends Row<T, O>[K] ? never : K]: Row<T, O>[K];
} & { readonly [K in keyof T as null extends Row<T, O>[K] ? K : never]?: Row<T, O>[K] | undefined };

/** What a session knows of how it was built. */
export interface OpenSession extends SessionContext {
  readonly engine: Engine;
  readonly appName: string;
  readonly master: string;
  onStop(): void;
}

function whole(value: number | bigint, option: string): bigint {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw rangeError(option, String(value), "It must be a whole number within ±(2^53 − 1), or a bigint.");
  }
  return BigInt(value);
}
function rangeError(option: string, value: string, expected: string): MillraceError {
  return new MillraceError("INVALID_OPTION", { option, provider: "range", value, expected });
}
