/** Longest part of a line that a message shows. */
const widest = 160;

/**
 * The line of the text that holds the position, with carets under the faulty fragment:
 *
 *     == SQL (line 1, position 5) ==
 *     a + ) b
 *         ^
 *
 * Lines and positions count from 1. A fragment that goes on in the next line is marked to the end of its first; of a very long line the part
 * around the fragment is shown.
 */
export function sqlFragment(sql: { readonly text: string; readonly start: number; readonly stop: number }): string {
  const { text } = sql;
  const start = Math.min(Math.max(sql.start, 0), text.length);
  const lineStart = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", start);
  const lineEnd = newline < 0 ? text.length : newline;
  let line = 1;
  for (let p = text.indexOf("\n"); p >= 0 && p < lineStart; p = text.indexOf("\n", p + 1)) line++;
  const from = Math.max(lineStart, start - widest / 2);
  const to = Math.min(lineEnd, from + widest);
  const carets = Math.max(1, Math.min(sql.stop, to) - start);
  // Tabs stay tabs so that the carets stand under what they mean.
  const indent = text.slice(from, start).replaceAll(/[^\t]/g, " ");
  return `== SQL (line ${line}, position ${start - lineStart + 1}) ==\n${text.slice(from, to).trimEnd()}\n${indent}${"^".repeat(carets)}`;
}
