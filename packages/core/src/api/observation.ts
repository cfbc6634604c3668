import type { RecordBatch } from "../columnar/record-batch.ts";
import { MillraceError } from "../errors/index.ts";
import type { MetricsObserver } from "../logical-plan/logical-plan.ts";
import { rowReader } from "./rows.ts";

/** Metrics by name, as `observe` computed them. */
export type ObservedMetrics = Readonly<Record<string, unknown>>;

/**
 * Takes the metrics of the first action over a DataFrame that it observes:
 * `const seen = new Observation("rows"); await df.observe(seen, count().alias("n")).write.parquet("out"); await seen.get`.
 * For streams give `observe` a name instead; the metrics are in the progress of each batch.
 */
export class Observation implements MetricsObserver {
  readonly name: string;
  readonly #result: PromiseWithResolvers<ObservedMetrics> = Promise.withResolvers();
  #used = false;
  #done = false;

  /** @param name as `explain` shows it; made up when left out */
  constructor(name: string = `observation-${++numbered}`) {
    if (name === "") throw new MillraceError("INVALID_OBSERVED_METRICS.MISSING_NAME", { operator: "Observation" });
    this.name = name;
  }

  /** The metrics, as soon as an action over the DataFrame has ended. */
  get get(): Promise<ObservedMetrics> {
    if (this.#used) return this.#result.promise;
    const reason = "no DataFrame is observed with it yet; call df.observe(observation, …) first";
    return Promise.reject(new MillraceError("NO_OBSERVED_METRICS", { name: this.name, reason }));
  }
  /** The metrics now; empty before an action over the DataFrame has ended. */
  get orEmpty(): ObservedMetrics {
    return this.#metrics;
  }
  #metrics: ObservedMetrics = {};

  /** Ties the observation to one DataFrame. Called by `observe`. */
  use(): void {
    if (this.#used) {
      const reason = "an observation is used with one DataFrame only; make another";
      throw new MillraceError("NO_OBSERVED_METRICS", { name: this.name, reason });
    }
    this.#used = true;
  }
  /** Called by the engine. */
  completed(metrics: RecordBatch): void {
    if (this.#done) return;
    this.#done = true;
    const [row] = rowReader<ObservedMetrics>({})(metrics);
    this.#metrics = row ?? {};
    this.#result.resolve(this.#metrics);
  }
}

let numbered = 0;
