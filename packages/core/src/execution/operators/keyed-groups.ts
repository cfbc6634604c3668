/** `groupByKey(fn)` and what follows: the rows of all partitions by the key that a closure computes. */
import { canonicalText } from "../../codegen/key-hash.ts";
import { compileRowReader } from "../../codegen/row-objects.ts";
import { externalWriter } from "../../columnar/external-input.ts";
import { targetBatchRows } from "../../columnar/record-batch.ts";
import type { KeyedGroupsExec } from "../../physical-plan/physical-plan.ts";
import { structType } from "../../types/data-type.ts";
import { chain, lazily, type Operator, type OperatorEnvironment } from "./operator.ts";
import { isThenable, UserCode } from "./user-code.ts";
import { rowBuffers } from "./user-rows.ts";

interface Group {
  readonly key: unknown;
  /** All rows, or for `reduce` the one that they were combined to. */
  readonly rows: unknown[];
}

export function compileKeyedGroups(plan: KeyedGroupsExec, environment: OperatorEnvironment): Operator {
  const input = environment.compile(plan.input);
  const { timeZone } = environment.options;
  const options = { ...environment.codegen, timeZone };
  const rowsOf = compileRowReader(input.schema, options);
  const buffers = rowBuffers(plan.schema, options);
  const { how, fn, key, keyType } = plan.plan;
  const toKey = externalWriter(keyType, true, `the key of ${key.name}`, { timeZone });
  return {
    schema: plan.schema,
    async open(context) {
      const partitions = await input.open(context);
      const keyCode = new UserCode(
        key,
        input.schema,
        structType([{ name: "key", type: keyType, nullable: true }]),
        context.signal,
      );
      const code = new UserCode(fn, input.schema, plan.schema, context.signal);
      const resolved = async (value: unknown, from: UserCode): Promise<unknown> =>
        isThenable(value) ? await from.settled(value) : value;
      return [
        lazily(async function* () {
          const groups = new Map<string, Group>();
          for await (const batch of chain(partitions)) {
            const row = rowsOf(batch);
            for (let i = 0; i < batch.length; i++) {
              const value = row(i);
              const made = keyCode.call(value);
              const external = isThenable(made) ? await keyCode.settled(made) : made;
              const text = canonicalText(toKey(external), keyType);
              const group = groups.get(text);
              if (group === undefined) groups.set(text, { key: external, rows: [value] });
              else if (how !== "reduce") group.rows.push(value);
              else group.rows[0] = await resolved(code.call(group.rows[0], value), code);
            }
          }
          const output = buffers();
          for (const group of groups.values()) {
            switch (how) {
              case "reduce":
                output.add({ key: group.key, value: group.rows[0] });
                break;
              case "mapGroups":
                output.add(await resolved(code.call(group.key, group.rows), code));
                break;
              case "flatMapGroups":
                for await (const row of code.elements(code.call(group.key, group.rows))) output.add(row);
                break;
            }
            if (output.length >= targetBatchRows) yield output.take();
          }
          if (output.length > 0) yield output.take();
        }),
      ];
    },
  };
}
