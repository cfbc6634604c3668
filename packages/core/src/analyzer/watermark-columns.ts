/** What the metadata of columns says of them: the delay of a watermark, and that a window is a session. */
import type { Attribute, Expr } from "../expressions/expression.ts";
import { sameExpression } from "../expressions/same-expression.ts";
import { attributeOf, isNamed } from "../expressions/typing.ts";

/** Key of a column's metadata that holds the watermark delay in milliseconds, as Spark names it. */
export const watermarkDelayKey = "spark.watermarkDelayMs";

/** The delay of a column's watermark in milliseconds; undefined when it has none. */
export function watermarkDelayMs(column: Pick<Attribute, "metadata">): number | undefined {
  const delay = column.metadata?.[watermarkDelayKey];
  return typeof delay === "number" ? delay : undefined;
}

/** Key of a column's metadata that marks sessions, as Spark names it: grouping by them merges those that touch. */
export const sessionWindowKey = "spark.sessionWindow";

/** Whether a key is a session. */
export function isSession(key: Expr): boolean {
  return isNamed(key) && attributeOf(key).metadata?.[sessionWindowKey] === true;
}

/** The positions of the key whose groups are sessions: none, one, or several when the key is written several times. */
export function sessionKeys(keys: readonly Expr[]): readonly number[] {
  const columns = keys.map((expr) => (expr.kind === "Alias" && expr.child.kind === "Attribute" ? expr.child : expr));
  const first = columns.find(isSession);
  return columns.flatMap((column, i) => (first !== undefined && sameExpression(column, first) ? [i] : []));
}

/** The first of some keys that carries a watermark: the position of the column, or of the window made of one. */
export function watermarkedKey(keys: readonly Expr[]): number | undefined {
  const at = keys.findIndex((expr) => {
    if (expr.kind === "Attribute") return watermarkDelayMs(expr) !== undefined;
    if (expr.kind !== "Alias") return false;
    return (
      watermarkDelayMs(expr) !== undefined ||
      (expr.child.kind === "Attribute" && watermarkDelayMs(expr.child) !== undefined)
    );
  });
  return at < 0 ? undefined : at;
}
