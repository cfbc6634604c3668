import type { ValueOptions } from "../types/schema-literal.ts";
import type { Engine } from "../session/engine.ts";

/** What DataFrames and their readers and writers know of the session that they belong to. */
export interface SessionContext {
  readonly engine: Engine;
  /** How values look in user code. */
  readonly values: ValueOptions;
}
