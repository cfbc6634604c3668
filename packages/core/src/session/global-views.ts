import type { View } from "./view-policies.ts";

/** Views that all sessions of one engine see, under `global_temp`. */
export const globalDatabase = "global_temp";

/** By name in lower case. */
export class GlobalViews extends Map<string, View> {
  /** Counts the changes of policies, also of views that are not global. */
  policyVersion = 0;
}
