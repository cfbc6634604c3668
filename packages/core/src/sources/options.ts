import { MillraceError } from "../errors/index.ts";
import type { OptionMap } from "../logical-plan/logical-plan.ts";

function invalid(provider: string, option: string, value: string, expected: string): MillraceError {
  return new MillraceError("INVALID_OPTION", { option, provider, value: `'${value}'`, expected });
}

/** A whole number option of at least `least`; undefined when it is not given. */
export function integerOption(options: OptionMap, provider: string, name: string, least = 0): number | undefined {
  const text = options.get(name.toLowerCase());
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw invalid(provider, name, text, `Give a whole number of at least ${least}.`);
  }
  return value;
}

export function booleanOption(options: OptionMap, provider: string, name: string, fallback: boolean): boolean {
  const text = options.get(name.toLowerCase());
  if (text === undefined) return fallback;
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw invalid(provider, name, text, "Give true or false.");
}

export function requiredOption(options: OptionMap, provider: string, name: string, hint: string): string {
  const text = options.get(name.toLowerCase());
  if (text === undefined) throw new MillraceError("MISSING_OPTION", { provider, option: name, hint });
  return text;
}
