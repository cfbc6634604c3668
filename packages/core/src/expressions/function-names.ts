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

/** Functions that Spark shows in upper case. */
export const displayNames: ReadonlyMap<string, string> = new Map(
  (
    "acos acosh asin asinh atan atan2 atanh cbrt cos cosh cot csc degrees e exp expm1 floor hypot log log10 log1p log2 pi power " +
    "radians rint sec signum sin sinh sqrt tan tanh ceil rlike regexp regexp_like"
  )
    .split(" ")
    .map((name) => [name, name.toUpperCase()]),
);

/** Functions of which only the first arguments are shown. */
export const hiddenArguments: ReadonlyMap<string, number> = new Map([
  ["first", 1],
  ["first_value", 1],
  ["last", 1],
  ["last_value", 1],
  ["any_value", 1],
  ["from_json", 1],
  ["from_csv", 1],
  ["to_json", 1],
  ["approx_count_distinct", 1],
]);
