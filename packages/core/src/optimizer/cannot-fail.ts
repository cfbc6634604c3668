import type { Expr } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { typeOf } from "../expressions/typing.ts";
import type { DataType } from "../types/data-type.ts";

/** Functions that give a value or NULL for any arguments of their types. */
const total: ReadonlySet<string> = new Set(
  "= <=> < <= > >= != and or not isnull isnotnull isnan in coalesce if startswith endswith contains upper lower length".split(
    " ",
  ),
);
/** Numbers, each of which fits into those behind it. */
const widening: readonly DataType["kind"][] = ["tinyint", "smallint", "int", "bigint", "float", "double"];

/**
 * Whether an expression gives a value for every row, without an error and without calling code of a user's: then nobody
 * can tell for which rows it was computed.
 */
export function cannotFail(expr: Expr): boolean {
  const pending = [expr];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    switch (next.kind) {
      case "Literal":
      case "Attribute":
      case "GetStructField":
      case "Alias":
        break;
      case "Call":
        if (!total.has(next.fn)) return false;
        break;
      case "Cast":
        if (!widens(typeOf(next.child), next.type)) return false;
        break;
      default:
        return false;
    }
    pending.push(...childrenOf(next));
  }
  return true;
}

function widens(from: DataType, to: DataType): boolean {
  const [a, b] = [widening.indexOf(from.kind), widening.indexOf(to.kind)];
  return from.kind === to.kind ? from.kind === "string" : a >= 0 && a < b;
}
