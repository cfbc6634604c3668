import type { ValueOptions } from "../types/schema-literal.ts";
import type { Schema } from "./column-types.ts";
import type { DataFrame } from "./data-frame.ts";

/**
 * The DataFrame with the advice to read it whole and to join against it in memory: for the small side of a join, whatever
 * its estimated size. It changes no result. `orders.join(broadcast(countries), "country")`
 */
export function broadcast<S extends Schema, O extends ValueOptions>(data: DataFrame<S, O>): DataFrame<S, O> {
  return data.hint("broadcast");
}
