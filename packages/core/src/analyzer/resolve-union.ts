import { MillraceError } from "../errors/index.ts";
import type { Attribute, Expr } from "../expressions/expression.ts";
import { nullLiteral } from "../expressions/typing.ts";
import { findCommonType } from "../functions/coercion.ts";
import { typeText } from "../functions/type-text.ts";
import type { LogicalPlan, Union } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { sameTypeIgnoringNullability } from "../types/data-type.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { unresolvedAmong } from "./resolve-attribute.ts";

const ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const ordinal = (i: number): string => ordinals[i] ?? `${i + 1}th`;

/** Rows of all inputs; columns by position, or by name, widened to their common types. Duplicates stay. */
export function resolveUnion(plan: Union, inputs: readonly LogicalPlan[], context: AnalysisContext): LogicalPlan {
  const aligned = plan.byName ? alignByName(plan, inputs, context) : inputs;
  return {
    ...plan,
    byName: false,
    allowMissingColumns: false,
    inputs: alignByPosition(aligned, "UNION", context),
  };
}

/** The inputs with columns of common types; those of the first have new ids. */
export function alignByPosition(
  inputs: readonly LogicalPlan[],
  operator: string,
  context: AnalysisContext,
): readonly LogicalPlan[] {
  const outputs = inputs.map(outputOf);
  const first = outputs[0]!;
  outputs.forEach((output, i) => {
    if (output.length !== first.length) {
      throw new MillraceError("NUM_COLUMNS_MISMATCH", {
        operator,
        firstNumColumns: `${first.length}`,
        invalidOrdinalNum: ordinal(i),
        invalidNumColumns: `${output.length}`,
      });
    }
  });
  const types = first.map((column, c) =>
    outputs.reduce((type, output, i) => {
      const common = findCommonType(type, output[c]!.type, context.evaluation.ansi);
      if (common === undefined) {
        throw new MillraceError("INCOMPATIBLE_COLUMN_TYPE", {
          operator,
          columnOrdinalNumber: ordinal(c),
          tableOrdinalNumber: ordinal(i),
          dataType1: `"${typeText(output[c]!.type)}"`,
          dataType2: `"${typeText(type)}"`,
        });
      }
      return common;
    }, column.type),
  );
  // The first input always gets new column ids, which are those of the union.
  return inputs.map((input, i) => castColumns(input, types, i === 0, context));
}

function castColumns(
  input: LogicalPlan,
  types: readonly Attribute["type"][],
  fresh: boolean,
  context: AnalysisContext,
): LogicalPlan {
  const output = outputOf(input);
  const same = output.map((a, i) => sameTypeIgnoringNullability(a.type, types[i]!));
  if (!fresh && same.every(Boolean)) return input;
  return {
    kind: "Project",
    input,
    expressions: output.map((a, i): Expr => ({
      kind: "Alias",
      name: a.name,
      id: context.ids.next(),
      child: same[i]! ? a : { kind: "Cast", child: a, type: types[i]!, mode: "ansi" },
      ...(a.metadata === undefined ? {} : { metadata: a.metadata }),
    })),
  };
}

function requireDistinctNames(output: readonly Attribute[], context: AnalysisContext): void {
  const twice = output.find((a, i) => output.some((b, k) => k < i && sameName(a.name, b.name, context)));
  if (twice !== undefined) throw new MillraceError("COLUMN_ALREADY_EXISTS", { columnName: `\`${twice.name}\`` });
}

function alignByName(plan: Union, inputs: readonly LogicalPlan[], context: AnalysisContext): readonly LogicalPlan[] {
  for (const input of inputs) requireDistinctNames(outputOf(input), context);
  const names: Attribute[] = [];
  for (const input of inputs) {
    for (const a of outputOf(input)) if (!names.some((n) => sameName(n.name, a.name, context))) names.push(a);
  }
  const wanted = plan.allowMissingColumns ? names : outputOf(inputs[0]!);
  return inputs.map((input) => {
    const output = outputOf(input);
    if (wanted.every((column) => output.some((a) => sameName(a.name, column.name, context)))) {
      // All are there: what is more than that, the alignment by position refuses.
      const rest = output.filter((a) => !wanted.some((column) => sameName(a.name, column.name, context)));
      const found = wanted.map((column) => output.find((a) => sameName(a.name, column.name, context))!);
      return { kind: "Project", input, expressions: [...found, ...rest] };
    }
    return {
      kind: "Project",
      input,
      expressions: wanted.map((column): Expr => {
        const found = output.find((a) => sameName(a.name, column.name, context));
        if (found !== undefined) return found;
        if (!plan.allowMissingColumns) {
          throw unresolvedAmong(column.name, output);
        }
        return {
          kind: "Alias",
          name: column.name,
          id: context.ids.next(),
          child: { kind: "Cast", child: nullLiteral, type: column.type, mode: "ansi" },
        };
      }),
    };
  });
}
