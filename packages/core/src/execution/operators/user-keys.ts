/** Appends the key that a closure computes of each row as a column. */
import { compileRowReader, compileValueAppender } from "../../codegen/row-objects.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { UserKeysExec } from "../../physical-plan/physical-plan.ts";
import { structType } from "../../types/data-type.ts";
import { lazily, type Operator, type OperatorEnvironment } from "./operator.ts";
import { isThenable, UserCode } from "./user-code.ts";

export function compileUserKeys(plan: UserKeysExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const options = { ...environment.codegen, timeZone: environment.options.timeZone };
  const rowsOf = compileRowReader(input.schema, options);
  const key = plan.schema.fields.at(-1)!;
  const appender = compileValueAppender(key, `the key of ${plan.key.name}`, options);
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      const code = new UserCode(plan.key, input.schema, structType([key]), context.signal);
      return partitions.map((partition) =>
        lazily(async function* () {
          for await (const batch of partition) {
            const row = rowsOf(batch);
            const keys = createBuilder(key.type, batch.length);
            const append = appender(keys);
            for (let i = 0; i < batch.length; i++) {
              const made = code.call(row(i));
              append(isThenable(made) ? await code.settled(made) : made);
            }
            yield { schema: plan.schema, length: batch.length, columns: [...batch.columns, keys.finish()] };
          }
        }),
      );
    },
  };
}
