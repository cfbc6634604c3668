const controlEscapes: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\u001A",
  // Kept for LIKE, which reads them again.
  "%": "\\%",
  _: "\\_",
};
const escape = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))|''|""/g;

/**
 * The value of a string literal: Spark's escapes `\n \t \b \r \0 \Z \% \_ \\ \' \"`, `\uXXXX`, `\UXXXXXXXX`, octal `\ooo`; a doubled quote is one;
 * any other escaped character stands for itself. `r'…'` has no escapes.
 * @param source the literal with its quotes
 */
export function stringValue(source: string): string {
  const first = source.charCodeAt(0);
  if (first === 82 || first === 114) return source.slice(2, -1);
  const body = source.slice(1, -1);
  const quote = source[0]!;
  if (!body.includes("\\") && !body.includes(quote)) return body;
  return body.replace(escape, (whole, short?: string, wide?: string, octal?: string, character?: string) => {
    if (whole[0] !== "\\") return whole[0] === quote ? quote : whole;
    if (short !== undefined) return String.fromCharCode(Number.parseInt(short, 16));
    if (wide !== undefined) {
      const point = Number.parseInt(wide, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole.slice(1);
    }
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return Object.hasOwn(controlEscapes, character!) ? controlEscapes[character!]! : character!;
  });
}

/** The name in back quotes; a doubled back quote is one. */
export function quotedName(source: string): string {
  return source.slice(1, -1).replaceAll("``", "`");
}
