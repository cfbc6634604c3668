import { lineAt, type SourceText } from "./source-text.ts";

export interface Import {
  /** The module as written: `./filter.ts`, `node:fs`, `re2js`. */
  readonly specifier: string;
  /** Erased by the compiler: `import type`, `export type … from`, `import("…").T` in a type. */
  readonly typeOnly: boolean;
  readonly line: number;
}

const statement =
  /(?<![.\w$])(import|export)(\s+type(?=\s*[{*\w])(?!\s+from\b))?(?:\s*|\s[^;"'`=()]*?\bfrom\s*)"([^"\n]+)"/g;
const call = /(?<![.\w$])(typeof\s+)?import\(\s*"([^"\n]+)"/g;

/** Every module that a source file names, in the order of the file. */
export function importsOf(text: SourceText): readonly Import[] {
  const source = text.withoutComments;
  const found: { at: number; specifier: string; typeOnly: boolean }[] = [];
  for (const m of source.matchAll(statement)) {
    if (isCode(text, m.index)) found.push({ at: m.index, specifier: m[3] ?? "", typeOnly: m[2] !== undefined });
  }
  for (const m of source.matchAll(call)) {
    if (isCode(text, m.index)) found.push({ at: m.index, specifier: m[2] ?? "", typeOnly: m[1] !== undefined });
  }
  return found
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, specifier, typeOnly }) => ({ specifier, typeOnly, line: lineAt(source, at) }));
}

/** Code written inside a string (a generated program, a fixture) imports nothing. */
function isCode(text: SourceText, at: number): boolean {
  return text.code.charAt(at) === text.withoutComments.charAt(at);
}

/** `a/b/c.ts` + `../d.ts` → `a/d.ts`, in POSIX form; undefined above the root. */
export function resolveRelative(fromFile: string, specifier: string): string | undefined {
  const parts = fromFile.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
