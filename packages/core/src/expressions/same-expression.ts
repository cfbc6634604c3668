import type { SqlValue } from "../types/data-type.ts";
import { sameTypeIgnoringNullability } from "../types/data-type.ts";
import type { Expr, LambdaFunction } from "./expression.ts";
import { childrenOf, transformUp } from "./traverse.ts";
import type { WindowExpression } from "./window-expression.ts";

function sameValue(a: SqlValue, b: SqlValue): boolean {
  if (a === b || (typeof a === "number" && typeof b === "number" && Object.is(a, b))) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((x, i) => x === b[i]);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => sameValue(x, b[i]));
  return false;
}

function sameAll(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((x, i) => sameExpression(x, b[i]!));
}

/** Lambdas are the same when their bodies are, the parameters of one put for those of the other. */
function sameLambda(a: LambdaFunction, b: LambdaFunction): boolean {
  if (a.parameters.length !== b.parameters.length) return false;
  const renamed = transformUp(b.body, (node) => {
    if (node.kind !== "LambdaVariable") return node;
    const at = b.parameters.findIndex((parameter) => parameter.id === node.id);
    const id = a.parameters[at]?.id;
    return id === undefined ? node : { ...node, id };
  });
  return sameExpression(a.body, renamed);
}

function sameWindow(a: WindowExpression, b: WindowExpression): boolean {
  if (a.fn.kind === "UnresolvedFunction" || a.fn.kind !== b.fn.kind || a.fn.fn !== b.fn.fn) return false;
  const options = ({ fn, orderBy, partitionBy, frame }: WindowExpression): string =>
    JSON.stringify([
      fn.kind === "WindowCall" && fn.ignoreNulls,
      fn.kind === "AggregateCall" && [fn.distinct, fn.filter !== undefined],
      partitionBy.length,
      orderBy.map((item) => [item.direction, item.nulls]),
      frame?.unit,
      [frame?.lower, frame?.upper].map((bound) => (bound?.kind === "offset" ? bound.preceding : bound?.kind)),
    ]);
  return options(a) === options(b) && sameAll(childrenOf(a), childrenOf(b));
}

/** Whether two resolved expressions compute the same value: equal but for aliases' names and attributes' display. */
export function sameExpression(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.kind === "Alias") return sameExpression(a.child, b.kind === "Alias" ? b.child : b);
  if (b.kind === "Alias") return sameExpression(a, b.child);
  switch (a.kind) {
    case "Attribute":
      return b.kind === "Attribute" && a.id === b.id;
    case "SortOrder":
      return (
        b.kind === "SortOrder" && a.direction === b.direction && a.nulls === b.nulls && sameExpression(a.child, b.child)
      );
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
    case "LambdaVariable":
      return b.kind === "LambdaVariable" && a.id === b.id;
    case "LambdaFunction":
      return b.kind === "LambdaFunction" && sameLambda(a, b);
    case "WindowExpression":
      return b.kind === "WindowExpression" && sameWindow(a, b);
    case "UserFunctionCall":
      return b.kind === "UserFunctionCall" && a.fn === b.fn && a.fn.deterministic && sameAll(a.args, b.args);
    default:
      return false;
  }
}
