/**
 * What an example printed against its expected.txt, line by line. A line of the file that starts with `~` is a regular
 * expression that the whole printed line must match; white space at the end of a line and empty lines at the end of the
 * text do not count.
 * @returns the first difference in words, or undefined when all lines agree
 */
export function compareOutput(expected: string, printed: string): string | undefined {
  const wanted = linesOf(expected);
  const got = linesOf(printed);
  for (let i = 0; i < Math.max(wanted.length, got.length); i++) {
    const want = wanted[i];
    const line = got[i];
    if (want === undefined) return `line ${i + 1}: nothing more was expected, printed\n    ${line}`;
    if (line === undefined) return `line ${i + 1}: the output ends, expected\n    ${want}`;
    if (!matches(want, line)) return `line ${i + 1}: expected\n    ${want}\n  printed\n    ${line}`;
  }
  return undefined;
}

/** The new text of expected.txt: the printed lines, with every regular expression kept where it still matches. */
export function blessOutput(expected: string, printed: string): string {
  const wanted = linesOf(expected);
  const lines = linesOf(printed).map((line, i) => {
    const want = wanted[i];
    if (want?.startsWith("~") === true && matches(want, line)) return want;
    return line.startsWith("~") ? `~${RegExp.escape(line)}` : line;
  });
  return `${lines.join("\n")}\n`;
}

function matches(want: string, line: string): boolean {
  return want.startsWith("~") ? new RegExp(`^(?:${want.slice(1)})$`, "u").test(line) : want === line;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
}
