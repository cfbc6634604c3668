/**
 * A scanner for TypeScript that knows just enough to tell code from comments, strings, templates and regular
 * expressions, so that a rule about code does not trip over prose. It keeps every character's position: what is
 * left out becomes a space, and line breaks stay.
 */
export interface SourceText {
  /** The source without comments. Strings are kept, because module names are strings. */
  readonly withoutComments: string;
  /** The source without comments and without the contents of strings, templates and regular expressions. */
  readonly code: string;
}

/** What may stand before a `/` that begins a regular expression, not a division. */
const beforeRegularExpression =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|new|await|yield))$/;

const endOfLine = "\n";

export function scanSource(source: string): SourceText {
  const withoutComments = Array.from({ length: source.length }, (_, i) => source.charAt(i));
  const code = [...withoutComments];
  const blank = (target: string[], from: number, to: number): void => {
    for (let i = from; i < to; i++) if (target[i] !== endOfLine) target[i] = " ";
  };

  /** Scans code from `start` to the end, or to the `}` that closes a template's `${`; returns the position after it. */
  const scanCode = (start: number, insideTemplate: boolean): number => {
    let depth = 0;
    let i = start;
    while (i < source.length) {
      const c = source.charAt(i);
      const next = source.charAt(i + 1);
      if (c === "/" && next === "/") {
        const end = positionOf(source, endOfLine, i);
        blank(withoutComments, i, end);
        blank(code, i, end);
        i = end;
      } else if (c === "/" && next === "*") {
        const end = Math.min(positionOf(source, "*/", i + 2) + 2, source.length);
        blank(withoutComments, i, end);
        blank(code, i, end);
        i = end;
      } else if (c === '"' || c === "'") {
        const end = endOfString(source, i, c);
        blank(code, i + 1, end - 1);
        i = end;
      } else if (c === "`") {
        i = scanTemplate(i);
      } else if (
        c === "/" &&
        beforeRegularExpression.test(
          code
            .slice(Math.max(0, i - 40), i)
            .join("")
            .trimEnd(),
        )
      ) {
        const end = endOfRegularExpression(source, i);
        blank(code, i + 1, end - 1);
        i = end;
      } else {
        if (c === "{") depth++;
        if (c === "}" && depth-- === 0 && insideTemplate) return i + 1;
        i++;
      }
    }
    return i;
  };

  const scanTemplate = (start: number): number => {
    let i = start + 1;
    let textStart = i;
    while (i < source.length && source.charAt(i) !== "`") {
      if (source.charAt(i) === "\\") i += 2;
      else if (source.startsWith("${", i)) {
        blank(code, textStart, i);
        i = scanCode(i + 2, true);
        textStart = i;
      } else i++;
    }
    blank(code, textStart, Math.min(i, source.length));
    return i + 1;
  };

  scanCode(0, false);
  return { withoutComments: withoutComments.join(""), code: code.join("") };
}

/** The line (from 1) on which a position lies. */
export function lineAt(source: string, position: number): number {
  let line = 1;
  for (let i = source.indexOf(endOfLine); i >= 0 && i < position; i = source.indexOf(endOfLine, i + 1)) line++;
  return line;
}

function positionOf(source: string, what: string, from: number): number {
  const at = source.indexOf(what, from);
  return at < 0 ? source.length : at;
}

function endOfString(source: string, start: number, quote: string): number {
  let i = start + 1;
  while (i < source.length && source.charAt(i) !== quote && source.charAt(i) !== endOfLine) {
    i += source.charAt(i) === "\\" ? 2 : 1;
  }
  return Math.min(i + 1, source.length);
}

function endOfRegularExpression(source: string, start: number): number {
  let inClass = false;
  let i = start + 1;
  while (i < source.length && source.charAt(i) !== endOfLine) {
    const c = source.charAt(i);
    if (c === "\\") i++;
    else if (c === "[") inClass = true;
    else if (c === "]") inClass = false;
    else if (c === "/" && !inClass) return i + 1;
    i++;
  }
  return i;
}
