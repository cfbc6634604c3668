/** Expressions that the analyzer writes itself; they are resolved like the user's. */
import { MillraceError } from "../errors/index.ts";
import type { Alias, Attribute, Expr, Literal } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { type DataType, stringType } from "../types/data-type.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { unresolvedColumn } from "./resolve-attribute.ts";

/** A call of a registered function. */
export function fn(name: string, ...args: readonly Expr[]): Expr {
  return { kind: "UnresolvedFunction", name, args, distinct: false };
}
export function alias(child: Expr, name: string): Alias {
  return { kind: "Alias", child, name };
}
export function text(value: string): Literal {
  return { kind: "Literal", value, type: stringType };
}
export function cast(child: Expr, type: DataType, mode?: "ansi" | "try"): Expr {
  return { kind: "Cast", child, type, ...(mode === undefined ? {} : { mode }) };
}
/** A new column like another one. */
export function freshAttribute(like: Omit<Attribute, "kind" | "id">, context: AnalysisContext): Attribute {
  return { kind: "Attribute", id: context.ids.next(), name: like.name, type: like.type, nullable: like.nullable };
}

/** The columns of a plan that are named, or all. A name that two columns have is ambiguous. */
export function columnsNamed(
  names: readonly string[] | undefined,
  input: LogicalPlan,
  context: AnalysisContext,
): readonly Attribute[] {
  const output = outputOf(input);
  if (names === undefined) return output;
  return names.map((name) => {
    const matches = output.filter((a) => sameName(a.name, name, context));
    if (matches.length > 1) {
      throw new MillraceError("AMBIGUOUS_REFERENCE", {
        name: `\`${name}\``,
        referenceNames: `[${matches.map((a) => `\`${a.name}\``).join(", ")}]`,
      });
    }
    if (matches[0] === undefined) throw unresolvedColumn({ kind: "UnresolvedAttribute", parts: [name] }, output);
    return matches[0];
  });
}
