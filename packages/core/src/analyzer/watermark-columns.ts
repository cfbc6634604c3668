/** Which columns carry a watermark: their metadata holds its delay. */
import type { Attribute, Expr } from "../expressions/expression.ts";

/** Key of a column's metadata that holds the watermark delay in milliseconds, as Spark names it. */
export const watermarkDelayKey = "spark.watermarkDelayMs";

/** The delay of a column's watermark in milliseconds; undefined when it has none. */
export function watermarkDelayMs(column: Pick<Attribute, "metadata">): number | undefined {
  const delay = column.metadata?.[watermarkDelayKey];
  return typeof delay === "number" ? delay : undefined;
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
