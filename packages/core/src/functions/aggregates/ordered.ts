/** What aggregates with WITHIN GROUP (ORDER BY …) share. The analyzer hands the order on as arguments of the call. */
import { comparatorOf } from "../../columnar/compare.ts";
import type { DataType, SqlValue } from "../../types/data-type.ts";
import type { ArgumentInfo } from "../function.ts";

/** The directions of an order as the text that stands before its keys. */
export function orderText(
  order: readonly { readonly direction: "ascending" | "descending"; readonly nulls: "first" | "last" }[],
): string {
  return `ORDER ${order.map(({ direction, nulls }) => direction[0]! + nulls[0]!).join(",")}`;
}

/** Whether an argument is the text of {@link orderText}. */
const isOrder = ({ type, literal }: ArgumentInfo): boolean =>
  type.kind === "string" && typeof literal?.value === "string" && literal.value.startsWith("ORDER ");

/** Where the order stands among the arguments: its text, then the keys; −1 for no order. */
export function findOrder(args: readonly ArgumentInfo[]): number {
  return args.findIndex(isOrder);
}

/** Compares rows of key values in the order of the directions. */
export function rowOrder(
  text: string,
  types: readonly DataType[],
): (a: readonly SqlValue[], b: readonly SqlValue[]) => number {
  const compares = text
    .slice("ORDER ".length)
    .split(",")
    .map((key, i) => {
      const descending = key.startsWith("d");
      const nullsFirst = key.endsWith("f");
      // Turning the order round turns the place of NULLs round, too.
      const compare = comparatorOf(types[i]!, nullsFirst !== descending);
      return descending ? (a: SqlValue, b: SqlValue) => compare(b, a) : compare;
    });
  return (a, b) => {
    for (let i = 0; i < compares.length; i++) {
      const result = compares[i]!(a[i]!, b[i]!);
      if (result !== 0) return result;
    }
    return 0;
  };
}
