/** Values of other rows of the partition. `first_value` and `last_value` are aggregates, over frames as everywhere. */
import { bigintType, type DataType, intType, isIntegral } from "../../types/data-type.ts";
import type { WindowFunction } from "../function.ts";
import { coerceArgument, requireLiteral, type Resolve, unexpectedInput } from "../resolution.ts";
import { outOfRange } from "./ranking.ts";

const group = "Window";

/** Value, a constant number of rows (default 1), and what stands where there is no such row. */
const resolveOffset: Resolve = (args, call) => {
  const type = args[0]!.type;
  const types: DataType[] = [type];
  const offset = args[1];
  if (offset !== undefined) {
    const value = requireLiteral(offset, "offset", call);
    if (!isIntegral(offset.type) || value === null) throw unexpectedInput(offset, "INT", 1, call);
    types.push(intType);
  }
  const other = args[2];
  if (other !== undefined) types.push(coerceArgument(other, type, 2, call));
  return { args: types, returns: type };
};

function neighbour(name: "lag" | "lead", summary: string, result: string): WindowFunction {
  return {
    name,
    since: "0.2.0",
    arity: [1, 3],
    op: name,
    frame: "offset",
    resolve: resolveOffset,
    nullable: ([value, , other]) => other === undefined || other.nullable || value!.nullable,
    ignoresNulls: true,
    doc: {
      group,
      usage: `${name}(expr[, offset[, default]]) [IGNORE NULLS] OVER (… ORDER BY …)`,
      summary: `${summary} (default 1; a negative number looks the other way); \`default\` or NULL where there is none. IGNORE NULLS counts the rows that have a value.`,
      examples: [{ sql: `${name}(v) OVER (ORDER BY v)`, result }],
    },
  };
}

export const neighbours: readonly WindowFunction[] = [
  neighbour("lag", "The value in the row `offset` rows before", "NULL, 10, 20, 20"),
  neighbour("lead", "The value in the row `offset` rows after", "20, 20, 30, NULL"),
  {
    name: "nth_value",
    since: "0.2.0",
    arity: [2, 2],
    op: "nthValue",
    frame: "any",
    resolve(args, call) {
      const offset = args[1]!;
      const value = requireLiteral(offset, "offset", call);
      coerceArgument(offset, bigintType, 1, call);
      const number = Number(value ?? 0);
      if (!(number > 0)) throw outOfRange("offset", "(0, 9223372036854775807]", String(value), call);
      return { args: [args[0]!.type, bigintType], returns: args[0]!.type };
    },
    nullable: true,
    ignoresNulls: true,
    doc: {
      group,
      usage: "nth_value(expr, n) [IGNORE NULLS] OVER (… ORDER BY … [frame])",
      summary:
        "The value in the n-th row of the frame, from 1; NULL when it has fewer. IGNORE NULLS counts the rows that have a value.",
      examples: [{ sql: "nth_value(v, 2) OVER (ORDER BY v)", result: "NULL, 20, 20, 20" }],
    },
  },
];
