import type { OptionMap } from "../logical-plan/logical-plan.ts";

/** A value of an option: numbers and booleans are written as text. */
export type OptionValue = string | number | boolean;

/** Options by name, in lower case; the case-insensitive names of options are normalised here, once. */
export function withOptions(
  given: OptionMap,
  added: Iterable<readonly [name: string, value: OptionValue | undefined]>,
): OptionMap {
  const result = new Map(given);
  for (const [name, value] of added) if (value !== undefined) result.set(name.toLowerCase(), String(value));
  return result;
}
