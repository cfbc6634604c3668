import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan, OptionMap } from "../logical-plan/logical-plan.ts";
import type { SaveMode, SinkProvider } from "../sinks/contract.ts";
import { type OptionValue, outputPathOf, withOptions } from "./option-map.ts";
import type { SessionContext } from "./session-context.ts";

/** What to do when the target exists: `error` is the same as `errorifexists`. */
export type WriteMode = SaveMode | "error";

const modes: ReadonlyMap<string, SaveMode> = new Map<string, SaveMode>([
  ["append", "append"],
  ["overwrite", "overwrite"],
  ["errorifexists", "errorifexists"],
  ["error", "errorifexists"],
  ["default", "errorifexists"],
  ["ignore", "ignore"],
]);

/** Writes a finite DataFrame: `await df.write.mode("overwrite").json("out")`. */
export class DataFrameWriter {
  readonly #session: SessionContext;
  readonly #plan: LogicalPlan;
  #format: string | SinkProvider = "json";
  #mode: SaveMode = "errorifexists";
  #options: OptionMap = new Map();
  #partitionBy: readonly string[] = [];
  #signal: AbortSignal | undefined;

  constructor(session: SessionContext, plan: LogicalPlan) {
    this.#session = session;
    this.#plan = plan;
  }

  /** A registered format (`json`, `csv`, `text`, `noop`, …), or a sink of your own. */
  format(format: string | SinkProvider): this {
    this.#format = format;
    return this;
  }
  /** What happens when the target exists: an error, unless told otherwise. */
  mode(mode: WriteMode): this {
    const found = modes.get(mode.toLowerCase());
    if (found === undefined) {
      throw new MillraceError("INVALID_SAVE_MODE", { mode: `"${mode}"` });
    }
    this.#mode = found;
    return this;
  }
  /** An option of the format; names are case-insensitive. */
  option(name: string, value: OptionValue): this {
    this.#options = withOptions(this.#options, [[name, value]]);
    return this;
  }
  options(options: Readonly<Record<string, OptionValue>>): this {
    this.#options = withOptions(this.#options, Object.entries(options));
    return this;
  }
  /** Writes rows into directories by the values of columns, such as `day=2024-02-29/`. */
  partitionBy(...columns: readonly string[]): this {
    this.#partitionBy = columns;
    return this;
  }
  /** Aborting stops the write; what it wrote stays invisible where the sink can do that. */
  signal(signal: AbortSignal): this {
    this.#signal = signal;
    return this;
  }
  /** Runs the plan and writes its rows; resolves when they are durable. The path may also be the option `path`. */
  async save(path?: string): Promise<void> {
    await this.#session.engine.write(this.#plan, {
      format: this.#format,
      mode: this.#mode,
      options: this.#options,
      partitionBy: this.#partitionBy,
      ...outputPathOf(path, this.#options, "save"),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
  }
  /** JSON lines. */
  json(path: string): Promise<void> {
    return this.format("json").save(path);
  }
  csv(path: string): Promise<void> {
    return this.format("csv").save(path);
  }
  parquet(path: string): Promise<void> {
    return this.format("parquet").save(path);
  }
  /** One string column, a line per row. */
  text(path: string): Promise<void> {
    return this.format("text").save(path);
  }
}
