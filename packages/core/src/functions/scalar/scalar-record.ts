/** What most records of scalar functions have: NULL for NULL, never NULL otherwise, deterministic. */
import type { ScalarFunction } from "../function.ts";

/** What a record says itself; anything of {@link ScalarFunction} that it leaves out is as above. */
export type RecordFields = Pick<ScalarFunction, "name" | "arity" | "resolve" | "bind"> &
  Partial<Pick<ScalarFunction, "aliases" | "emit" | "nulls" | "canReturnNull" | "deterministic" | "lambdas">> & {
    readonly usage: string;
    readonly summary: string;
    readonly examples: readonly (readonly [sql: string, result: string])[];
  };

/** @param group heading of the function reference */
export function scalarRecord(group: string, { usage, summary, examples, ...fields }: RecordFields): ScalarFunction {
  return {
    since: "0.1.0",
    nulls: "propagate",
    canReturnNull: false,
    deterministic: true,
    ...fields,
    doc: { group, usage, summary, examples: examples.map(([sql, result]) => ({ sql, result })) },
  };
}
