import type { SourceContext } from "../contract.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";

export interface ParquetOptions {
  readonly mergeSchema: boolean;
  readonly caseSensitive: boolean;
  readonly binaryAsString: boolean;
  readonly int96AsTimestamp: boolean;
  readonly inferNtz: boolean;
  /** Leave out what statistics show to hold no row of the filter. */
  readonly filterPushdown: boolean;
}

/** Options of the source, and Spark's settings `spark.sql.parquet.*` where an option is not given. */
export function readParquetOptions(context: SourceContext): ParquetOptions {
  const options = new OptionReader("parquet", context.options);
  const setting = (name: string, otherwise: boolean): boolean => {
    const value = context.conf(name);
    return value === undefined ? otherwise : value.toLowerCase() === "true";
  };
  return {
    mergeSchema: options.flag("mergeSchema", setting("spark.sql.parquet.mergeSchema", false)),
    caseSensitive: setting("spark.sql.caseSensitive", false),
    binaryAsString: setting("spark.sql.parquet.binaryAsString", false),
    int96AsTimestamp: setting("spark.sql.parquet.int96AsTimestamp", true),
    inferNtz: setting("spark.sql.parquet.inferTimestampNTZ.enabled", true),
    filterPushdown: setting("spark.sql.parquet.filterPushdown", true),
  };
}
