import type { CompiledPlan } from "../execution/context.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { somePlan } from "../logical-plan/traverse.ts";
import { printPlan } from "../logical-plan/print.ts";
import { describeOperator, printPhysicalPlan } from "../physical-plan/print.ts";
import { operatorsOf } from "../physical-plan/traverse.ts";
import { treeString } from "../types/tree-string.ts";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import type { ExplainMode } from "./engine.ts";

export interface ExplainedPlan {
  readonly written: LogicalPlan;
  readonly analyzed: LogicalPlan;
  readonly optimized: LogicalPlan;
  readonly physical: PhysicalPlan;
  compile(): CompiledPlan;
}

/** The text of `explain`, in Spark's sections. */
export function explainText(plan: ExplainedPlan, mode: ExplainMode): string {
  const physical = `== Physical Plan ==\n${printPhysicalPlan(plan.physical)}`;
  switch (mode) {
    case "extended":
    case "cost":
      return [
        `== Parsed Logical Plan ==\n${printPlan(plan.written)}`,
        `== Analyzed Logical Plan ==\n${printPlan(plan.analyzed)}`,
        `== Optimized Logical Plan ==\n${printPlan(plan.optimized)}`,
        physical,
      ].join("\n\n");
    case "codegen": {
      // Numbers of expressions stand in the generated code.
      if (somePlan(plan.analyzed, (node) => node.kind === "Guard")) {
        return `${physical}\n\nThe code of a plan over a view with a row filter or column masks is not shown.`;
      }
      const sources = plan.compile().generatedSource();
      const texts = sources.map(({ node, source }) => `== Operator (${node}) ==\n${source}`);
      return [physical, ...texts].join("\n\n");
    }
    case "formatted":
      return [physical, ...Array.from(operatorsOf(plan.physical), details).reverse()].join("\n\n");
    case "simple":
      return physical;
  }
}

/** An operator with the columns that it gives. */
function details(operator: PhysicalPlan): string {
  return `${describeOperator(operator)}\n${treeString(operator.schema)}`.trimEnd();
}
