import type { LogicalPlan } from "../logical-plan/logical-plan.ts";

/** Views that all sessions of one engine see, under `global_temp`. */
export const globalDatabase = "global_temp";

/** By name in lower case. */
export type GlobalViews = Map<string, { readonly name: string; readonly plan: LogicalPlan }>;
