import { MillraceError } from "../errors/index.ts";
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

/**
 * Where rows are written: what `method` was given, or the option `path`.
 * @throws MillraceError INVALID_OPTION when they differ
 */
export function outputPathOf(path: string | undefined, options: OptionMap, method: string): { readonly path?: string } {
  const option = options.get("path");
  const found = path ?? option;
  if (found === undefined) return {};
  if (option !== undefined && option !== found) {
    const expected = `${method}("${found}") names another one: give either the option or the argument.`;
    throw new MillraceError("INVALID_OPTION", { option: "path", provider: method, value: `'${option}'`, expected });
  }
  return { path: found };
}
