/** The place of a row in its partition. All need ORDER BY; arguments of the ranks are allowed and not looked at, as in Spark. */
import { upToPeers, upToRow } from "../../expressions/window-expression.ts";
import { MillraceError } from "../../errors/index.ts";
import { doubleType, intType } from "../../types/data-type.ts";
import type { WindowFunction } from "../function.ts";
import { type CallInfo, requireLiteral, type Resolve, signature, unexpectedInput } from "../resolution.ts";

const group = "Window";
const none = signature([], intType);
const ranked: Resolve = (args) => ({ args: args.map((arg) => arg.type), returns: intType });

/** How many parts: a constant INT above 0. */
const resolveParts: Resolve = (args, call) => {
  const parts = args[0];
  if (parts === undefined) return { args: [], returns: intType };
  const value = requireLiteral(parts, "buckets", call);
  if (parts.type.kind !== "int" || value === null) throw unexpectedInput(parts, "INT", 0, call);
  if ((value as number) <= 0) throw outOfRange("buckets", "(0, 2147483647]", String(value), call);
  return { args: [intType], returns: intType };
};

export function outOfRange(exprName: string, valueRange: string, currentValue: string, call: CallInfo): MillraceError {
  return new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
    sqlExpr: call.sql,
    exprName,
    valueRange,
    currentValue,
  });
}

export const rankings: readonly WindowFunction[] = [
  {
    name: "row_number",
    since: "0.2.0",
    arity: [0, 0],
    op: "rowNumber",
    frame: upToRow,
    resolve: none,
    nullable: false,
    ignoresNulls: false,
    doc: {
      group,
      usage: "row_number() OVER (… ORDER BY …)",
      summary:
        "Number of the row in its partition, from 1. Rows that are equal in the order are numbered as they come.",
      examples: [{ sql: "row_number() OVER (ORDER BY v)", result: "1, 2, 3, 4" }],
    },
  },
  {
    name: "rank",
    since: "0.2.0",
    arity: [0, Number.POSITIVE_INFINITY],
    op: "rank",
    frame: upToRow,
    resolve: ranked,
    nullable: false,
    ignoresNulls: false,
    doc: {
      group,
      usage: "rank() OVER (… ORDER BY …)",
      summary:
        "One more than the rows before it in the order: equal rows share a rank, and ranks are left out after them.",
      examples: [{ sql: "rank() OVER (ORDER BY v)", result: "1, 2, 2, 4" }],
    },
  },
  {
    name: "dense_rank",
    since: "0.2.0",
    arity: [0, Number.POSITIVE_INFINITY],
    op: "denseRank",
    frame: upToRow,
    resolve: ranked,
    nullable: false,
    ignoresNulls: false,
    doc: {
      group,
      usage: "dense_rank() OVER (… ORDER BY …)",
      summary: "One more than the different values before it in the order: no rank is left out.",
      examples: [{ sql: "dense_rank() OVER (ORDER BY v)", result: "1, 2, 2, 3" }],
    },
  },
  {
    name: "percent_rank",
    since: "0.2.0",
    arity: [0, Number.POSITIVE_INFINITY],
    op: "percentRank",
    frame: upToRow,
    resolve: (args) => ({ args: args.map((arg) => arg.type), returns: doubleType }),
    nullable: false,
    ignoresNulls: false,
    doc: {
      group,
      usage: "percent_rank() OVER (… ORDER BY …)",
      summary: "`(rank − 1) / (rows − 1)`, 0 for a single row.",
      examples: [
        { sql: "percent_rank() OVER (ORDER BY v)", result: "0.0, 0.3333333333333333, 0.3333333333333333, 1.0" },
      ],
    },
  },
  {
    name: "cume_dist",
    since: "0.2.0",
    arity: [0, 0],
    op: "cumeDist",
    frame: upToPeers,
    resolve: signature([], doubleType),
    nullable: false,
    ignoresNulls: false,
    doc: {
      group,
      usage: "cume_dist() OVER (… ORDER BY …)",
      summary: "The share of the partition's rows that come before it or are equal to it.",
      examples: [{ sql: "cume_dist() OVER (ORDER BY v)", result: "0.25, 0.75, 0.75, 1.0" }],
    },
  },
  {
    name: "ntile",
    since: "0.2.0",
    arity: [0, 1],
    op: "ntile",
    frame: upToRow,
    resolve: resolveParts,
    nullable: false,
    ignoresNulls: false,
    doc: {
      group,
      usage: "ntile([n]) OVER (… ORDER BY …)",
      summary:
        "Number of the row's part, from 1, when the partition is cut into n parts (default 1) of sizes that differ by one at most.",
      examples: [{ sql: "ntile(3) OVER (ORDER BY v)", result: "1, 1, 2, 3" }],
    },
  },
];
