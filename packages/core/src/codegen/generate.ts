/** Generators (`explode` and its like): each input row is repeated once per generated row. */
import { gather } from "../columnar/gather.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import { createBuilder } from "../columnar/vector-builder.ts";
import { assertInvariant } from "../errors/index.ts";
import { typeOf } from "../expressions/typing.ts";
import { functionRegistry } from "../functions/registry.ts";
import type { StructType } from "../types/data-type.ts";
import type { CodegenOptions } from "./compile-pipeline.ts";
import { bindInterpreter } from "./interpreter.ts";
import type { PipelineStep } from "./pipeline.ts";

export function bindGenerate(
  step: Extract<PipelineStep, { readonly kind: "generate" }>,
  input: StructType,
  options: CodegenOptions,
): (batch: RecordBatch) => RecordBatch {
  const generator = functionRegistry.generator(step.generator);
  assertInvariant(generator !== undefined, "a resolved generator names a function of the registry");
  const generate = generator.bind(step.args.map(typeOf));
  const args = step.args.map((arg) => bindInterpreter(arg, options.context, options));
  const generated = step.schema.fields.slice(input.fields.length);
  return (batch) => {
    const builders = generated.map((f) => createBuilder(f.type, batch.length));
    let selection = new Int32Array(Math.max(16, batch.length));
    let count = 0;
    for (let i = 0; i < batch.length; i++) {
      for (const row of generate(...args.map((arg) => arg(batch, i)))) {
        if (count === selection.length) {
          const grown = new Int32Array(2 * count);
          grown.set(selection);
          selection = grown;
        }
        selection[count++] = i;
        for (let j = 0; j < builders.length; j++) builders[j]!.append(row[j]!);
      }
    }
    return {
      schema: step.schema,
      length: count,
      columns: [
        ...batch.columns.map((column) => gather(column, selection, count)),
        ...builders.map((builder) => builder.finish()),
      ],
    };
  };
}
