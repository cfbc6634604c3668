import type { SqlValue } from "../types/data-type.ts";
import { sameTypeIgnoringNullability } from "../types/data-type.ts";
import type { Expr } from "./expression.ts";

function sameValue(a: SqlValue, b: SqlValue): boolean {
  if (a === b || (typeof a === "number" && typeof b === "number" && Object.is(a, b))) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((x, i) => x === b[i]);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => sameValue(x, b[i]));
  return false;
}

function sameAll(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((x, i) => sameExpression(x, b[i]!));
}

/** Whether two resolved expressions compute the same value: equal but for aliases' names and attributes' display. */
export function sameExpression(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.kind === "Alias") return sameExpression(a.child, b.kind === "Alias" ? b.child : b);
  if (b.kind === "Alias") return sameExpression(a, b.child);
  switch (a.kind) {
    case "Attribute":
      return b.kind === "Attribute" && a.id === b.id;
    case "Literal":
      return b.kind === "Literal" && sameTypeIgnoringNullability(a.type, b.type) && sameValue(a.value, b.value);
    case "Call":
      return (
        b.kind === "Call" && a.fn === b.fn && sameTypeIgnoringNullability(a.type, b.type) && sameAll(a.args, b.args)
      );
    case "AggregateCall":
      return (
        b.kind === "AggregateCall" &&
        a.fn === b.fn &&
        a.distinct === b.distinct &&
        sameAll(a.args, b.args) &&
        (a.filter === undefined ? b.filter === undefined : b.filter !== undefined && sameExpression(a.filter, b.filter))
      );
    case "Cast":
      return (
        b.kind === "Cast" &&
        a.mode === b.mode &&
        sameTypeIgnoringNullability(a.type, b.type) &&
        sameExpression(a.child, b.child)
      );
    case "GetStructField":
      return b.kind === "GetStructField" && a.ordinal === b.ordinal && sameExpression(a.child, b.child);
    case "BoundReference":
      return b.kind === "BoundReference" && a.ordinal === b.ordinal;
    case "UserFunctionCall":
      return b.kind === "UserFunctionCall" && a.fn === b.fn && a.fn.deterministic && sameAll(a.args, b.args);
    default:
      return false;
  }
}
