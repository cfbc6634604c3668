/** How calls of functions are shown in automatic column names, where that is not `name(arguments)`. */

/** Functions written between their operands, with the text that stands there. */
export const binaryOperators: ReadonlyMap<string, string> = new Map(
  ["+", "-", "*", "/", "%", "div", "=", "<=>", "<", "<=", ">", ">=", "&", "|", "^", "<<", ">>", ">>>"]
    .map((name): [string, string] => [name, ` ${name} `])
    .concat([
      ["==", " = "],
      ["and", " AND "],
      ["or", " OR "],
    ]),
);

/** Functions that Spark shows by another name, mostly in upper case. */
export const displayNames: ReadonlyMap<string, string> = new Map(
  (
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh cot csc degrees e exp expm1 floor hypot log log10 log1p log2 pi power " +
    "radians rank dense_rank percent_rank sec signum sin sinh sqrt tan tanh ceil rlike regexp regexp_like"
  )
    .split(" ")
    .map((name): [string, string] => [name, name.toUpperCase()])
    .concat([
      ["curdate", "current_date"],
      ["localtime", "current_time"],
      ["dateadd", "date_add"],
      ["random", "rand"],
      ["current_database", "current_schema"],
      ["spark_partition_id", "SPARK_PARTITION_ID"],
    ]),
);

/** Functions of which only the first arguments are shown. */
export const hiddenArguments: ReadonlyMap<string, number> = new Map([
  ["rank", 0],
  ["dense_rank", 0],
  ["percent_rank", 0],
  ["first", 1],
  ["first_value", 1],
  ["last", 1],
  ["last_value", 1],
  ["any_value", 1],
  ["from_json", 1],
  ["variant_get", 2],
  ["try_variant_get", 2],
  ["shuffle", 1],
  ["uuid", 0],
  ["from_csv", 1],
  ["to_json", 1],
  ["to_csv", 1],
  ["approx_count_distinct", 1],
]);

/** Arguments that are shown though they were left out: the texts of the last ones, for a call with fewer than all. */
export const defaultArguments: ReadonlyMap<string, { readonly all: number; readonly texts: readonly string[] }> =
  new Map([
    ["lag", { all: 3, texts: ["1", "NULL"] }],
    ["lead", { all: 3, texts: ["1", "NULL"] }],
    ["ntile", { all: 1, texts: ["1"] }],
    ["aes_encrypt", { all: 6, texts: ["GCM", "DEFAULT", "", ""] }],
    ["aes_decrypt", { all: 5, texts: ["GCM", "DEFAULT", ""] }],
    ["try_aes_decrypt", { all: 5, texts: ["GCM", "DEFAULT", ""] }],
    ["mask", { all: 5, texts: ["X", "x", "n", "NULL"] }],
    ["sentences", { all: 3, texts: ["", ""] }],
    ["variant_strip_nulls", { all: 2, texts: ["true"] }],
    ["time_bucket", { all: 3, texts: ["TIMESTAMP '1970-01-01 00:00:00'"] }],
    ["hmac", { all: 3, texts: ["SHA-256"] }],
    ["vector_norm", { all: 2, texts: ["2.0"] }],
    ["vector_normalize", { all: 2, texts: ["2.0"] }],
    ["variant_set", { all: 4, texts: ["true"] }],
    ["try_variant_set", { all: 4, texts: ["true"] }],
    ["approx_percentile", { all: 3, texts: ["10000"] }],
    ["bround", { all: 2, texts: ["0"] }],
    ["from_unixtime", { all: 2, texts: ["yyyy-MM-dd HH:mm:ss"] }],
    ["locate", { all: 3, texts: ["1"] }],
    ["lpad", { all: 3, texts: [" "] }],
    ["months_between", { all: 3, texts: ["true"] }],
    ["overlay", { all: 4, texts: ["-1"] }],
    ["regexp_instr", { all: 3, texts: ["0"] }],
    ["percentile", { all: 3, texts: ["1"] }],
    ["percentile_approx", { all: 3, texts: ["10000"] }],
    ["position", { all: 3, texts: ["1"] }],
    ["regexp_extract", { all: 3, texts: ["1"] }],
    ["regexp_extract_all", { all: 3, texts: ["1"] }],
    ["regexp_replace", { all: 4, texts: ["1"] }],
    ["round", { all: 2, texts: ["0"] }],
    ["rpad", { all: 3, texts: [" "] }],
    ["sort_array", { all: 2, texts: ["true"] }],
    ["split", { all: 3, texts: ["-1"] }],
    ["substr", { all: 3, texts: ["2147483647"] }],
    ["substring", { all: 3, texts: ["2147483647"] }],
    ["to_unix_timestamp", { all: 2, texts: ["yyyy-MM-dd HH:mm:ss"] }],
    ["unix_timestamp", { all: 2, texts: ["current_timestamp()", "yyyy-MM-dd HH:mm:ss"] }],
  ]);

/** Casts that are written as calls; their columns are named by the argument alone. */
export const castFunctionNames: ReadonlySet<string> = new Set(
  "boolean tinyint smallint int bigint float double decimal date timestamp time binary string".split(" "),
);
