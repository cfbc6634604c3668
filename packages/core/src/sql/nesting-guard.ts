import { MillraceError } from "../errors/index.ts";

/**
 * Runs a recursive parse. The parser counts its levels, but a caller that is deep in its own recursion may leave less stack
 * than they need: that too is EXPRESSION_NESTED_TOO_DEEP and no RangeError.
 */
export function withNestingGuard<T>(text: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new MillraceError(
      "EXPRESSION_NESTED_TOO_DEEP",
      { depth: "too many", limit: "what the remaining stack holds" },
      { cause: error, context: { sql: { text, start: 0, stop: 1 } } },
    );
  }
}
