/** Functions with patterns: LIKE, and regular expressions on re2js, which takes linear time on any input. */
import { RE2JS } from "re2js";
import { MillraceError } from "../../errors/index.ts";
import { arrayType, booleanType, intType, type SqlValue, stringType } from "../../types/data-type.ts";
import type { ScalarFunction } from "../function.ts";
import { signature } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

/** Keeps the last pattern: patterns are nearly always constant, but may be a column. */
function cached<P>(compile: (pattern: string) => P): (pattern: string) => P {
  let last: string | undefined;
  let compiled: P | undefined;
  return (pattern) => {
    if (pattern !== last) {
      compiled = compile(pattern);
      last = pattern;
    }
    return compiled!;
  };
}

function compileRegex(functionName: string): (pattern: string) => RE2JS {
  return cached((pattern) => {
    try {
      return RE2JS.compile(pattern);
    } catch (error) {
      throw new MillraceError(
        "INVALID_PARAMETER_VALUE.PATTERN",
        {
          parameter: "`regexp`",
          functionName: `\`${functionName}\``,
          value: `'${pattern}'`,
          reason: error instanceof Error ? error.message : String(error),
        },
        { cause: error },
      );
    }
  });
}

/** The parts of a LIKE pattern: literal characters, `_` (one character) and `%` (any number). */
type LikePart = { readonly text: string } | "one" | "any";

function likeParts(pattern: string, escape: string): readonly LikePart[] {
  const parts: LikePart[] = [];
  let text = "";
  const flush = (): void => {
    if (text !== "") parts.push({ text });
    text = "";
  };
  const characters = Array.from(pattern);
  for (let i = 0; i < characters.length; i++) {
    const c = characters[i]!;
    if (c === escape) {
      const next = characters[++i];
      if (next === undefined) throw new MillraceError("INVALID_FORMAT.ESC_AT_THE_END", { format: `'${pattern}'` });
      if (next !== "_" && next !== "%" && next !== escape)
        throw new MillraceError("INVALID_FORMAT.ESC_IN_THE_MIDDLE", { format: `'${pattern}'`, char: `'${next}'` });
      text += next;
    } else if (c === "_" || c === "%") {
      flush();
      parts.push(c === "_" ? "one" : "any");
    } else text += c;
  }
  flush();
  return parts;
}

/** The pattern as a test: plain searches where it has no `_` and `%` only at its ends. */
function compileLike(pattern: string, escape: string, fold: boolean): (text: string) => boolean {
  const parts = likeParts(pattern, escape);
  const [first, second, third] = parts;
  const isText = (p: LikePart | undefined): p is { readonly text: string } => typeof p === "object";
  if (!fold) {
    if (parts.length === 0) return (s) => s === "";
    if (parts.length === 1 && isText(first)) return (s) => s === first.text;
    if (parts.length === 1 && first === "any") return () => true;
    if (parts.length === 2 && isText(first) && second === "any") return (s) => s.startsWith(first.text);
    if (parts.length === 2 && first === "any" && isText(second)) return (s) => s.endsWith(second.text);
    if (parts.length === 3 && first === "any" && isText(second) && third === "any")
      return (s) => s.includes(second.text);
  }
  const source = parts.map((p) => (p === "one" ? "." : p === "any" ? ".*" : RE2JS.quote(p.text))).join("");
  const regex = RE2JS.compile(source, RE2JS.DOTALL | (fold ? RE2JS.CASE_INSENSITIVE : 0));
  return (s) => regex.matches(s);
}

function like(name: "like" | "ilike"): ScalarFunction {
  return stringFunction({
    name,
    arity: [2, 3],
    resolve: signature([stringType], booleanType),
    bind: () => {
      let escape = "\\";
      const compile = cached((pattern) => compileLike(pattern, escape, name === "ilike"));
      return (s, pattern, given) => {
        escape = given === undefined ? "\\" : (given as string);
        return compile(pattern as string)(s as string);
      };
    },
    usage: `str ${name} pattern [ESCAPE escape]`,
    summary: `Whether the whole text matches a pattern in which _ stands for one character and % for any number${name === "ilike" ? ", in any case" : ""}.`,
    examples: example(`'Spark' ${name} '_park'`, "true"),
  });
}

/** Java's replacement text (`$1`, `\$`) as re2js takes it in Java mode. */
function replaceAll(regex: RE2JS, text: string, replacement: string): string {
  return regex.matcher(text).replaceAll(replacement, true);
}

function checkGroup(functionName: string, index: number, regex: RE2JS): void {
  const count = regex.groupCount();
  if (index < 0 || index > count)
    throw new MillraceError("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", {
      parameter: "`idx`",
      functionName: `\`${functionName}\``,
      groupCount: String(count),
      groupIndex: String(index),
    });
}

/** Splits at matches; a positive limit bounds the parts, an empty match splits between characters. */
function splitText(regex: RE2JS, text: string, limit: number): SqlValue[] {
  const parts: string[] = [];
  const matcher = regex.matcher(text);
  let at = 0;
  while ((limit <= 0 || parts.length < limit - 1) && matcher.find()) {
    const start = matcher.start();
    const end = matcher.end();
    if (end === 0 || (start === end && start >= text.length)) continue;
    parts.push(text.slice(at, start));
    at = end;
  }
  parts.push(text.slice(at));
  return parts;
}

export const patterns: readonly ScalarFunction[] = [
  like("like"),
  like("ilike"),
  stringFunction({
    name: "rlike",
    aliases: ["regexp", "regexp_like"],
    arity: [2, 2],
    resolve: signature([stringType], booleanType),
    bind: () => {
      const compile = compileRegex("rlike");
      return (s, pattern) => compile(pattern as string).test(s as string);
    },
    usage: "rlike(str, regexp), str RLIKE regexp",
    summary: "Whether a part of the text matches a regular expression.",
    examples: example("rlike('Spark SQL', '^S.*L$')", "true"),
  }),
  stringFunction({
    name: "regexp_extract",
    arity: [2, 3],
    resolve: signature([stringType, stringType, intType], stringType),
    bind: () => {
      const compile = compileRegex("regexp_extract");
      return (s, pattern, index) => {
        const regex = compile(pattern as string);
        const groupIndex = index === undefined ? 1 : (index as number);
        checkGroup("regexp_extract", groupIndex, regex);
        const matcher = regex.matcher(s as string);
        return matcher.find() ? ((matcher.group(groupIndex) as string | null) ?? "") : "";
      };
    },
    usage: "regexp_extract(str, regexp[, idx])",
    summary: "A group of the first match (1 unless given; 0 is the whole match); an empty text without a match.",
    examples: example("regexp_extract('100-200', '([0-9]+)-([0-9]+)', 2)", "200"),
  }),
  stringFunction({
    name: "regexp_extract_all",
    arity: [2, 3],
    resolve: signature([stringType, stringType, intType], arrayType(stringType, false)),
    bind: () => {
      const compile = compileRegex("regexp_extract_all");
      return (s, pattern, index) => {
        const regex = compile(pattern as string);
        const groupIndex = index === undefined ? 1 : (index as number);
        checkGroup("regexp_extract_all", groupIndex, regex);
        const matcher = regex.matcher(s as string);
        const found: string[] = [];
        while (matcher.find()) found.push((matcher.group(groupIndex) as string | null) ?? "");
        return found;
      };
    },
    usage: "regexp_extract_all(str, regexp[, idx])",
    summary: "A group of every match.",
    examples: example("regexp_extract_all('100-200, 300-400', '([0-9]+)-([0-9]+)', 1)", "[100, 300]"),
  }),
  stringFunction({
    name: "regexp_replace",
    arity: [3, 3],
    resolve: signature([stringType], stringType),
    bind: () => {
      const compile = compileRegex("regexp_replace");
      return (s, pattern, replacement) => replaceAll(compile(pattern as string), s as string, replacement as string);
    },
    usage: "regexp_replace(str, regexp, replacement)",
    summary: "Every match replaced; $1 in the replacement is the first group.",
    examples: example("regexp_replace('100-200', '([0-9]+)', 'num')", "num-num"),
  }),
  stringFunction({
    name: "split",
    arity: [2, 3],
    resolve: signature([stringType, stringType, intType], arrayType(stringType, false)),
    bind: () => {
      const compile = compileRegex("split");
      return (s, pattern, limit) => {
        const most = limit === undefined ? -1 : (limit as number);
        const text = s as string;
        // A single plain character needs no expression.
        if (most <= 0 && /^[^\\^$.|?*+()[\]{}]$/.test(pattern as string)) return text.split(pattern as string);
        return splitText(compile(pattern as string), text, most);
      };
    },
    usage: "split(str, regexp[, limit])",
    summary: "The parts between matches of a regular expression; a positive limit is the greatest number of parts.",
    examples: example("split('oneAtwoBthreeC', '[ABC]')", "[one, two, three, ]"),
  }),
];
