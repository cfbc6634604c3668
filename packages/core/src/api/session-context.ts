import type { ValueOptions } from "../types/schema-literal.ts";
import type { Engine } from "../session/engine.ts";
import type { SparkSession } from "./spark-session.ts";

/** What DataFrames and their readers and writers know of the session that they belong to. */
export interface SessionContext {
  readonly engine: Engine;
  /** How values look in user code. */
  readonly values: ValueOptions;
}

const sessions = new WeakMap<SessionContext, unknown>();

/** Makes the session of a context known to whatever is built in it. */
export function sessionOpened(context: SessionContext, session: unknown): void {
  sessions.set(context, session);
}
/** The session of a context; its options are part of the types of everything built in it. */
export function sessionOf<O extends ValueOptions>(context: SessionContext): SparkSession<O> {
  return sessions.get(context) as SparkSession<O>;
}
