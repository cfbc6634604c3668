import { MillraceError } from "../../errors/index.ts";

/**
 * Hadoop's globs within one path segment: `*`, `?`, `[abc]`, `[a-c]`, `[^a]`, `{x,y}` (nested too), `\` before a
 * character that is meant literally. A star does not cross a slash.
 */
export function isGlob(path: string): boolean {
  return /[*?[{\\]/.test(path);
}

/** Whether a name matches a pattern. The pattern is matched by hand: it comes from users, and must never backtrack badly. */
export function compileGlob(pattern: string): (name: string) => boolean {
  const alternatives = expandBraces(pattern).map(tokensOf);
  return (name) => {
    const points = Array.from(name);
    return alternatives.some((tokens) => matches(tokens, points));
  };
}

type Token = "star" | ((character: string) => boolean);

/** All patterns that the braces of a pattern stand for; at most a thousand. */
export function expandBraces(pattern: string): string[] {
  const limit = 1000;
  const done: string[] = [];
  const open: string[] = [pattern];
  while (open.length > 0) {
    const next = open.pop()!;
    const parts = splitBraces(next);
    if (parts === null) done.push(next);
    else for (let i = parts.choices.length - 1; i >= 0; i--) open.push(parts.before + parts.choices[i] + parts.after);
    if (open.length + done.length > limit) {
      throw new MillraceError("INVALID_OPTION", {
        option: "path",
        provider: "file sources",
        value: pattern,
        expected: `A glob stands for at most ${limit} alternatives.`,
      });
    }
  }
  return done;
}

function splitBraces(pattern: string): { before: string; choices: string[]; after: string } | null {
  let depth = 0;
  let start = -1;
  let part = 0;
  const choices: string[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "\\") i++;
    else if (c === "{") {
      if (depth++ === 0) {
        start = i;
        part = i + 1;
      }
    } else if (c === "," && depth === 1) {
      choices.push(pattern.slice(part, i));
      part = i + 1;
    } else if (c === "}" && depth > 0 && --depth === 0) {
      choices.push(pattern.slice(part, i));
      return { before: pattern.slice(0, start), choices, after: pattern.slice(i + 1) };
    }
  }
  if (depth === 0) return null;
  throw new MillraceError("INVALID_OPTION", {
    option: "path",
    provider: "file sources",
    value: pattern,
    expected: "A brace of the glob is not closed.",
  });
}

function tokensOf(pattern: string): Token[] {
  const points = Array.from(pattern);
  const tokens: Token[] = [];
  for (let i = 0; i < points.length; i++) {
    const c = points[i]!;
    if (c === "*") {
      if (tokens.at(-1) !== "star") tokens.push("star");
    } else if (c === "?") tokens.push(() => true);
    else if (c === "[") {
      const end = points.indexOf("]", i + 2);
      if (end < 0) tokens.push((x) => x === "[");
      else {
        tokens.push(characterClass(points.slice(i + 1, end)));
        i = end;
      }
    } else {
      const literal = c === "\\" && i + 1 < points.length ? points[++i]! : c;
      tokens.push((x) => x === literal);
    }
  }
  return tokens;
}

function characterClass(points: readonly string[]): (character: string) => boolean {
  const negated = points[0] === "^" || points[0] === "!";
  const ranges: [string, string][] = [];
  for (let i = negated ? 1 : 0; i < points.length; i++) {
    if (points[i + 1] === "-" && i + 2 < points.length) {
      ranges.push([points[i]!, points[i + 2]!]);
      i += 2;
    } else {
      ranges.push([points[i]!, points[i]!]);
    }
  }
  return (x) => ranges.some(([low, high]) => x >= low && x <= high) !== negated;
}

/** Linear in practice: after a star only the last star is ever gone back to. */
function matches(tokens: readonly Token[], name: readonly string[]): boolean {
  let t = 0;
  let n = 0;
  let starToken = -1;
  let starName = 0;
  while (n < name.length) {
    const token = tokens[t];
    if (token === "star") {
      starToken = t++;
      starName = n;
    } else if (token !== undefined && token(name[n]!)) {
      t++;
      n++;
    } else if (starToken >= 0) {
      t = starToken + 1;
      n = ++starName;
    } else {
      return false;
    }
  }
  while (tokens[t] === "star") t++;
  return t === tokens.length;
}
