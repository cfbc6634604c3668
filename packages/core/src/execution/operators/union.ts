/** The partitions of all inputs, one input after the other. */
import type { UnionExec } from "../../physical-plan/physical-plan.ts";
import { lazily, type Operator, type OperatorEnvironment, type Partition } from "./operator.ts";

export function compileUnion(plan: UnionExec, environment: OperatorEnvironment): Operator {
  const inputs = plan.inputs.map((input) => environment.compile(input));
  return {
    schema: plan.schema,
    async open(context) {
      const all: Partition[] = [];
      for (const input of inputs) {
        for (const partition of await input.open(context)) {
          all.push(
            lazily(async function* () {
              for await (const batch of partition) yield { ...batch, schema: plan.schema };
            }),
          );
        }
      }
      return all;
    },
  };
}
