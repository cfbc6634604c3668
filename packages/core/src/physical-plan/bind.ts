import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { transformUp } from "../expressions/traverse.ts";

/** Replaces attributes by positions in the input, and drops aliases: what execution works with. */
export function bindExpression(expr: Expr, input: readonly Attribute[]): Expr {
  return transformUp(expr, (node) => {
    if (node.kind === "Alias") return node.child;
    if (node.kind !== "Attribute") return node;
    const ordinal = input.findIndex((a) => a.id === node.id);
    if (ordinal < 0) {
      throw new MillraceError("INTERNAL_ERROR", {
        message: `column ${node.name}#${node.id} is not in the input [${input.map((a) => `${a.name}#${a.id}`).join(", ")}]`,
      });
    }
    // The input knows best whether the column can be NULL (outer joins widen it above).
    return { kind: "BoundReference", ordinal, type: node.type, nullable: node.nullable || input[ordinal]!.nullable };
  });
}
