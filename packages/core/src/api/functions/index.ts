/** Functions over columns, in Spark's words and camelCase. Strings are column names; take {@link lit} for values. */
export * from "./aggregates.ts";
export * from "./basic.ts";
export * from "./calendar.ts";
export * from "./collections.ts";
export * from "./conditional.ts";
export * from "./datetime.ts";
export * from "./json.ts";
export * from "./lambdas.ts";
export * from "./math.ts";
export * from "./statistics.ts";
export * from "./strings.ts";
export * from "./user-defined.ts";
export * from "./variant.ts";
export * from "./windows.ts";
