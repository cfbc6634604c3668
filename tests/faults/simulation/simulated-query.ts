/** What a query of the simulation is. */
import { type DataFrame, type OutputMode, type Schema, window } from "millrace";
import type { ModelBatch, Watermarks } from "./history.ts";
import type { Script } from "./script.ts";

export type Frame = DataFrame<Schema>;

export type Oracle =
  /** The same engine over all rows in one batch, without its stateful operators. No row of the stream is late. */
  | { readonly kind: "batch"; readonly build: (events: Frame) => Frame }
  /** A naive program that is told which rows each batch had, and gives the rows of each batch. */
  | {
      readonly kind: "model";
      readonly watermarks: Watermarks;
      readonly rows: (batches: readonly ModelBatch[]) => readonly (readonly object[])[];
      /** What each batch hands to the query's function for late rows. */
      readonly late?: {
        readonly columns: readonly string[];
        readonly rows: (batches: readonly ModelBatch[]) => readonly (readonly object[])[];
      };
      /** In the end, an hour after the last row, there must be no state. */
      readonly endsEmpty: boolean;
    };

export interface SimulatedQuery {
  readonly name: string;
  readonly mode: OutputMode;
  /** Over the streams that it reads: one or two. */
  readonly build: (events: Frame, others: Frame) => Frame;
  readonly streams: 1 | 2;
  readonly oracle: Oracle;
  /** Update mode: the columns by which the last row counts. */
  readonly keys?: readonly string[];
  /** Sources under which the result is defined: that of a limit depends on the order of rows. */
  readonly sources: readonly Script["source"][];
  readonly conf?: Readonly<Record<string, string>>;
  /** DDL of the result, to read it from files. */
  readonly schema: string;
}

export const frame = (any: unknown): Frame => any as Frame;

/** Delay of the watermark of the queries with late rows, ms. */
export const delayMs = 30_000;
export const impatient = (events: Frame): Frame => events.withWatermark("at" as never, `${delayMs / 1000} seconds`);
/** Counts by minute and key. */
export const minutesOf = (events: Frame): Frame =>
  frame(events.groupBy(window("at", "1 minute"), "k").count().selectExpr("window.start AS start", "k", "count"));

/** A query whose rows may be late, or go by the clock: which rows a batch had can be told of streams in memory only. */
export function modelled(
  name: string,
  schema: string,
  {
    build,
    rows,
    late,
    mode = "append",
    watermarks = { delays: [delayMs], policy: "min" },
    endsEmpty = false,
    conf,
  }: Pick<SimulatedQuery, "build" | "conf"> &
    Partial<Pick<SimulatedQuery, "mode">> &
    Pick<Extract<Oracle, { kind: "model" }>, "rows" | "late"> & {
      readonly watermarks?: Watermarks;
      readonly endsEmpty?: boolean;
    },
): SimulatedQuery {
  return {
    name,
    schema,
    build,
    mode,
    streams: watermarks.delays.length > 1 ? 2 : 1,
    sources: ["memory"],
    oracle: { kind: "model", watermarks, rows, endsEmpty, ...(late === undefined ? {} : { late }) },
    ...(conf === undefined ? {} : { conf }),
  };
}
