import { MillraceError } from "../errors/index.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { embeddedEngine } from "./embedded.ts";
import type { EngineFactory } from "../session/engine.ts";
import type { OptionValue } from "./option-map.ts";
import { type SessionContext, sessionOf } from "./session-context.ts";
import type { OpenSession, SparkSession } from "./spark-session.ts";

/** How values look in the rows of a session; part of its type. */
export interface SessionOptions extends ValueOptions {}

interface RunningSession {
  readonly context: OpenSession;
  readonly engine: EngineFactory;
  readonly values: ValueOptions;
}
/** The session that `getOrCreate` gives again, until it is stopped. */
let running: RunningSession | undefined;

export function runningSession(): SessionContext | undefined {
  return running?.context;
}

/** Describes a session: `SparkSession.builder.appName("log").master("local[4]").getOrCreate()`. */
export class SessionBuilder<O extends ValueOptions = {}> {
  readonly #open: <P extends ValueOptions>(context: OpenSession) => SparkSession<P>;
  readonly #conf = new Map<string, string>();
  #values: ValueOptions = {};
  #roles: readonly string[] | undefined;
  #engine: EngineFactory = embeddedEngine;

  constructor(open: <P extends ValueOptions>(context: OpenSession) => SparkSession<P>) {
    this.#open = open;
  }

  /** A name for the program. */
  appName(name: string): this {
    this.#conf.set("spark.app.name", name);
    return this;
  }
  /** Where it runs: `local[n]` in this process with n threads, `local[*]` with one per core. */
  master(master: string): this {
    this.#conf.set("spark.master", master);
    return this;
  }
  /**
   * A setting by Spark's name, or what is part of the session's type: `config({ bigint: true })` gives BIGINT as bigint,
   * `config({ timestamps: "temporal" })` times as Temporal objects.
   */
  config(key: string, value: OptionValue): this;
  config<const P extends SessionOptions>(options: P): SessionBuilder<O & P>;
  config(key: string | SessionOptions, value?: OptionValue): unknown {
    if (typeof key === "string") this.#conf.set(key, String(value));
    else this.#values = { ...this.#values, ...key };
    return this;
  }
  /** BIGINT values are bigint in this session's rows. */
  bigint(): SessionBuilder<O & { readonly bigint: true }> {
    return this.config({ bigint: true }) as SessionBuilder<O & { readonly bigint: true }>;
  }
  /**
   * What the session may see of views with row filters and column masks (`spark.catalog.setRowFilter`). They are fixed: a
   * session cannot give itself others, and sessions that it opens have no more.
   */
  roles(...roles: readonly string[]): this {
    this.#roles = roles;
    return this;
  }
  /** Runs the session on a given engine, such as a simulated one in tests. */
  engine(engine: EngineFactory): this {
    this.#engine = engine;
    return this;
  }

  /**
   * The running session, with the settings given here set on it, or a new one.
   * @throws MillraceError SESSION_OPTIONS_DIFFER when a running session has other row types
   */
  async getOrCreate(): Promise<SparkSession<O>> {
    if (running !== undefined && running.engine === this.#engine) return this.#again(running);
    return this.#create(true);
  }
  /** A new session, whether or not one runs. */
  async create(): Promise<SparkSession<O>> {
    return this.#create(false);
  }

  #again(found: RunningSession): SparkSession<O> {
    const wanted = describe(this.#values);
    if (describe(found.values) !== wanted) {
      throw new MillraceError("SESSION_OPTIONS_DIFFER", { running: describe(found.values), wanted });
    }
    const [has, asks] = [found.context.engine.tables.roles, this.#roles ?? found.context.engine.tables.roles].map(
      (roles) => `roles: ${[...new Set(roles)].toSorted().join(", ") || "none"}`,
    );
    if (has !== asks) throw new MillraceError("SESSION_OPTIONS_DIFFER", { running: has!, wanted: asks! });
    const conf = found.context.engine.conf;
    for (const [key, value] of this.#conf) if (conf.isModifiable(key)) conf.set(key, value);
    return sessionOf<O>(found.context);
  }

  async #create(shared: boolean): Promise<SparkSession<O>> {
    const appName = this.#conf.get("spark.app.name") ?? "millrace";
    const master = this.#conf.get("spark.master") ?? "local[*]";
    const values = this.#values;
    const engine = await this.#engine({
      appName,
      master,
      conf: new Map(this.#conf),
      bigint: values.bigint === true,
      temporal: values.timestamps === "temporal",
      ...(this.#roles === undefined ? {} : { roles: this.#roles }),
    });
    const context: OpenSession = {
      engine,
      values,
      appName,
      master,
      onStop() {
        if (running?.context === context) running = undefined;
      },
    };
    if (shared) running = { context, engine: this.#engine, values };
    return this.#open<O>(context);
  }
}

function describe(values: ValueOptions): string {
  return `bigint: ${values.bigint === true}, timestamps: ${values.timestamps ?? "date"}`;
}
