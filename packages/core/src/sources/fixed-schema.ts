import { MillraceError } from "../errors/index.ts";
import type { StructType } from "../types/data-type.ts";

/**
 * For sources whose schema is their own.
 * @param given    the user's schema
 * @param expected what the user is told instead
 * @throws MillraceError INVALID_OPTION
 */
export function refuseSchema(provider: string, given: StructType | undefined, expected: string): void {
  if (given !== undefined) {
    throw new MillraceError("INVALID_OPTION", { option: "schema", provider, value: "given", expected });
  }
}
