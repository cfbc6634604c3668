import type { DataFrame, SchemaLiteral, SparkSession } from "millrace";
import { MemoryStream, toStructType } from "millrace/engine";
import { withTimesOfDay } from "./times-of-day.ts";

/** A row of a test: objects by column name; columns that are left out are NULL, times may be given as `"12:00:05"`. */
export type TestRow<T> = { readonly [K in keyof T]?: unknown };

/** Rows that a test adds to a stream. */
export interface MemorySource<T extends SchemaLiteral = SchemaLiteral> {
  readonly df: DataFrame<T>;
  /** Adds rows as one unit: they come in one batch. */
  add(...rows: readonly TestRow<T>[]): void;
}

/**
 * A stream of rows that a test adds. Rows stay, as in a broker, so a query that starts again reads them again where its
 * checkpoint says. `const clicks = memoryStream(spark, { user: "string", at: "timestamp" })`
 */
export function memoryStream<const T extends SchemaLiteral>(spark: SparkSession, schema: T): MemorySource<T> {
  const stream = new MemoryStream(toStructType(schema));
  return {
    df: spark.readStream.from(stream, schema),
    add: (...rows) => addTo(stream, rows),
  };
}

/** Adds rows to a source, given as what {@link memoryStream} returned or as its DataFrame. */
export function addRows(source: MemorySource | DataFrame, rows: readonly TestRow<SchemaLiteral>[]): void {
  if ("add" in source) {
    source.add(...rows);
    return;
  }
  const { plan } = source;
  const provider = plan.kind === "Read" ? plan.provider : undefined;
  if (!(provider instanceof MemoryStream)) {
    throw new TypeError("add() takes what memoryStream() returned, or its DataFrame.");
  }
  addTo(provider, rows);
}

function addTo(stream: MemoryStream, rows: readonly TestRow<SchemaLiteral>[]): void {
  const names = stream.schema.fields.map(({ name }) => name);
  for (const row of rows) {
    const unknown = Array.isArray(row) ? undefined : Object.keys(row).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new TypeError(`A row has a column '${unknown}'; the columns of the stream are ${names.join(", ")}.`);
    }
  }
  stream.add(rows.map((row) => withTimesOfDay(stream.schema, row)));
}
