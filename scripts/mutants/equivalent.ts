/** Mutants that survive because they change nothing that could be seen, each with its proof. */
import type { EquivalentMutant } from "./mutant.ts";

export const equivalentMutants: readonly EquivalentMutant[] = [];
