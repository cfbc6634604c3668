import type { ValueOptions } from "../types/schema-literal.ts";
import type { Schema } from "./column-types.ts";
import { FrameStorage } from "./frame-storage.ts";
import type { DataFrameNaFunctions } from "./na-functions.ts";
import type { DataFrameStatFunctions } from "./stat-functions.ts";

/** The methods of `df.na` and `df.stat` that Spark also has on the DataFrame. */
export abstract class FrameShortcuts<S extends Schema, O extends ValueOptions> extends FrameStorage<S, O> {
  /** Missing values: `na.drop`, `na.fill`, `na.replace`. */
  abstract get na(): DataFrameNaFunctions<S, O>;
  /** Statistics: `stat.corr`, `stat.cov`, `stat.crosstab`, `stat.freqItems`, `stat.approxQuantile`, `stat.sampleBy`. */
  abstract get stat(): DataFrameStatFunctions<S, O>;

  /** Same as `na.drop`. */
  get dropna(): DataFrameNaFunctions<S, O>["drop"] {
    const { na } = this;
    return na.drop.bind(na);
  }
  /** Same as `na.fill`. */
  get fillna(): DataFrameNaFunctions<S, O>["fill"] {
    const { na } = this;
    return na.fill.bind(na);
  }
  /** Same as `na.replace`. */
  get replace(): DataFrameNaFunctions<S, O>["replace"] {
    const { na } = this;
    return na.replace.bind(na);
  }
  /** Same as `stat.corr`. */
  get corr(): DataFrameStatFunctions<S, O>["corr"] {
    const { stat } = this;
    return stat.corr.bind(stat);
  }
  /** Same as `stat.cov`. */
  get cov(): DataFrameStatFunctions<S, O>["cov"] {
    const { stat } = this;
    return stat.cov.bind(stat);
  }
  /** Same as `stat.approxQuantile`. */
  get approxQuantile(): DataFrameStatFunctions<S, O>["approxQuantile"] {
    const { stat } = this;
    return stat.approxQuantile.bind(stat);
  }
  /** Same as `stat.crosstab`. */
  get crosstab(): DataFrameStatFunctions<S, O>["crosstab"] {
    const { stat } = this;
    return stat.crosstab.bind(stat);
  }
  /** Same as `stat.freqItems`. */
  get freqItems(): DataFrameStatFunctions<S, O>["freqItems"] {
    const { stat } = this;
    return stat.freqItems.bind(stat);
  }
  /** Same as `stat.sampleBy`. */
  get sampleBy(): DataFrameStatFunctions<S, O>["sampleBy"] {
    const { stat } = this;
    return stat.sampleBy.bind(stat);
  }
}
