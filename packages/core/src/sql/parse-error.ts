import { MillraceError } from "../errors/index.ts";

const longestShown = 100;

/** The error for text that is no SQL: `fragment` is what stands there as written, `""` for the end of the text. */
export function syntaxError(text: string, start: number, stop: number, hint = ""): MillraceError<"PARSE_SYNTAX_ERROR"> {
  const shown = stop - start > longestShown ? `${text.slice(start, start + longestShown)}…` : text.slice(start, stop);
  const error = start >= text.length ? "end of input" : `'${shown}'`;
  return new MillraceError("PARSE_SYNTAX_ERROR", { error, hint }, { context: { sql: { text, start, stop } } });
}
