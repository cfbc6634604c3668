import type { Expr } from "../expressions/expression.ts";
import type { StructType } from "../types/data-type.ts";

/**
 * A step of a pipeline. Each step's expressions are bound to the output of the step before it (the first to the input
 * batch). The steps of one pipeline become one loop.
 */
export type PipelineStep =
  | { readonly kind: "filter"; readonly condition: Expr }
  | { readonly kind: "project"; readonly expressions: readonly Expr[]; readonly schema: StructType }
  | { readonly kind: "expand"; readonly projections: readonly (readonly Expr[])[]; readonly schema: StructType }
  | {
      readonly kind: "generate";
      readonly generator: string;
      readonly args: readonly Expr[];
      /** Input columns followed by the generated ones. */
      readonly schema: StructType;
    };
