import { assertInvariant } from "../errors/index.ts";
import type { AggregateCall } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { distinctBuffer } from "../functions/distinct-accumulators.ts";
import { functionRegistry } from "../functions/registry.ts";
import { type Field, type StructType, structType } from "../types/data-type.ts";

/** Buffer fields of one aggregate call, in Spark's layout; over DISTINCT arguments the different rows seen. */
export function bufferFields(call: AggregateCall): readonly Field[] {
  const fn = functionRegistry.aggregate(call.fn);
  assertInvariant(fn !== undefined, `the aggregate ${call.fn} is not registered`);
  const args = call.args.map(typeOf);
  return call.distinct ? distinctBuffer(args) : fn.buffer({ args, returns: call.type });
}

/** Columns between partial and final aggregation: the keys, then the buffers of each call in order. */
export function partialSchema(keys: readonly Field[], aggregates: readonly AggregateCall[]): StructType {
  return structType([...keys, ...aggregates.flatMap(bufferFields)]);
}
