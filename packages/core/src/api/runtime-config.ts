import { MillraceError } from "../errors/index.ts";
import type { EngineConf } from "../session/engine.ts";
import type { OptionValue } from "./option-map.ts";

/** The session's settings under Spark's names: `spark.conf.set("spark.sql.shuffle.partitions", 4)`. */
export class RuntimeConfig {
  readonly #conf: () => EngineConf;

  constructor(conf: () => EngineConf) {
    this.#conf = conf;
  }

  /**
   * The value set, else the default given, else the default of the setting.
   * @throws MillraceError SQL_CONF_NOT_FOUND when there is none of them
   */
  get(key: string, defaultValue?: string): string {
    const found = this.#conf().get(key) ?? defaultValue;
    if (found === undefined) throw new MillraceError("SQL_CONF_NOT_FOUND", { sqlConf: `"${key}"` });
    return found;
  }
  set(key: string, value: OptionValue): void {
    this.#conf().set(key, String(value));
  }
  /** Back to the default. */
  unset(key: string): void {
    this.#conf().unset(key);
  }
  /** All that was set. */
  getAll(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#conf().all());
  }
  /** Whether the setting can be changed while the session runs. */
  isModifiable(key: string): boolean {
    return this.#conf().isModifiable(key);
  }
}
