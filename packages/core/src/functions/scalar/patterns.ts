/** Functions with patterns: LIKE, and regular expressions, on bytes or on re2js: both take linear time on any input. */
import { RE2JS } from "re2js";
import { MillraceError } from "../../errors/index.ts";
import { arrayType, booleanType, intType, type SqlValue, stringType } from "../../types/data-type.ts";
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { bytesOf, fixedLocal, joinCode, js, local, number } from "../code.ts";
import type { Emitted, Emitter } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { ByteRegex } from "../regex/byte-regex.ts";
import { requireLiteral, signature } from "../resolution.ts";
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

/** Every match from a position on (in UTF-16 units, from 1) replaced; `$1` and `\\$` of the replacement as in Java. */
function replaceAll(regex: RE2JS, text: string, replacement: string, position: number): string {
  if (position > 1 && position > text.length) return text;
  const rest = position > 1 ? text.slice(position - 1) : text;
  try {
    return text.slice(0, position - 1) + regex.matcher(rest).replaceAll(replacement, true);
  } catch (cause) {
    throw new MillraceError(
      "INVALID_REGEXP_REPLACE",
      { source: text, pattern: regex.pattern(), replacement, position: String(position) },
      { cause },
    );
  }
}

/** A regular expression that runs on bytes where it can, else on re2js. */
interface Compiled {
  readonly groups: number;
  readonly onBytes: ByteRegex | undefined;
  readonly onText: RE2JS | undefined;
}
function compileEither(functionName: string): (pattern: string) => Compiled {
  const compile = compileRegex(functionName);
  return cached((pattern) => {
    const onBytes = ByteRegex.compile(pattern);
    if (onBytes !== undefined) return { groups: onBytes.groups, onBytes, onText: undefined };
    const onText = compile(pattern);
    return { groups: onText.groupCount(), onBytes, onText };
  });
}

/** A group of the first match; an empty text without a match or for a group that took no part. */
function extractGroup(regex: Compiled, text: string, group: number): string {
  const { onBytes } = regex;
  if (onBytes === undefined) {
    const matcher = regex.onText!.matcher(text);
    return matcher.find() ? ((matcher.group(group) as string | null) ?? "") : "";
  }
  const bytes = encodeUtf8(text);
  if (!onBytes.find(bytes, 0, bytes.length)) return "";
  const [from, to] = [onBytes.captures[group * 2]!, onBytes.captures[group * 2 + 1]!];
  return from < 0 || to < 0 ? "" : decodeUtf8(bytes, from, to);
}

/** For a constant expression that runs on bytes: the group as a range of the text's own bytes, without a copy. */
const emitExtract: Emitter = {
  emit(args, ctx, types, options) {
    const pattern = options.args[1]?.literal?.value;
    const group = args.length < 3 ? 1 : options.args[2]?.literal?.value;
    const regex = typeof pattern === "string" && typeof group === "number" ? ByteRegex.compile(pattern) : undefined;
    if (regex === undefined || (group as number) < 0 || (group as number) > regex.groups) {
      const form = ctx.bind(regexpExtract.bind(types, options.context, options.args));
      const boxes = args.map((arg, i) => ctx.box(arg, types.args[i]!));
      return ctx.unbox(local(ctx, "t", js`${form}(${joinCode(boxes, ", ")})`), stringType);
    }
    const value = args[0] as Emitted & { readonly shape: "bytes" };
    const name = ctx.bind(regex);
    const slot = (group as number) * 2;
    const found = local(ctx, "n", js`${name}.find(${bytesOf(value)})`);
    const from = local(ctx, "s", js`${found} ? ${name}.captures[${number(slot)}] : -1`);
    const to = local(ctx, "e", js`${found} ? ${name}.captures[${number(slot + 1)}] : -1`);
    const isThere = local(ctx, "n", js`${from} >= 0 && ${to} >= 0`);
    return {
      shape: "bytes",
      isNull: js.false,
      bytes: value.bytes,
      start: local(ctx, "s", js`${isThere} ? ${from} : ${value.start}`),
      end: local(ctx, "e", js`${isThere} ? ${to} : ${value.start}`),
    };
  },
};
const regexpExtract: ScalarFunction = stringFunction({
  name: "regexp_extract",
  arity: [2, 3],
  resolve: signature([stringType, stringType, intType], stringType),
  bind: () => {
    const compile = compileEither("regexp_extract");
    return (s, pattern, index) => {
      const regex = compile(pattern as string);
      const group = index === undefined ? 1 : (index as number);
      checkGroup("regexp_extract", group, regex.groups);
      return extractGroup(regex, s as string, group);
    };
  },
  emit: emitExtract,
  usage: "regexp_extract(str, regexp[, idx])",
  summary: "A group of the first match (1 unless given; 0 is the whole match); an empty text without a match.",
  examples: example("regexp_extract('100-200', '([0-9]+)-([0-9]+)', 2)", "200"),
});

function matches(regex: Compiled, text: string): boolean {
  if (regex.onBytes === undefined) return regex.onText!.test(text);
  const bytes = encodeUtf8(text);
  return regex.onBytes.find(bytes, 0, bytes.length);
}
const rlike: ScalarFunction = stringFunction({
  name: "rlike",
  aliases: ["regexp", "regexp_like"],
  arity: [2, 2],
  resolve: signature([stringType], booleanType),
  bind: () => {
    const compile = compileEither("rlike");
    return (s, pattern) => matches(compile(pattern as string), s as string);
  },
  emit: {
    emit(args, ctx, types, options) {
      const pattern = options.args[1]?.literal?.value;
      const regex = typeof pattern === "string" ? ByteRegex.compile(pattern) : undefined;
      if (regex !== undefined) return fixedLocal(ctx, js`${ctx.bind(regex)}.find(${bytesOf(args[0]!)})`);
      const form = ctx.bind(rlike.bind(types, options.context, options.args));
      return fixedLocal(ctx, js`${form}(${ctx.box(args[0]!, stringType)}, ${ctx.box(args[1]!, stringType)})`);
    },
  },
  usage: "rlike(str, regexp), str RLIKE regexp",
  summary: "Whether a part of the text matches a regular expression.",
  examples: example("rlike('Spark SQL', '^S.*L$')", "true"),
});

function checkGroup(functionName: string, index: number, count: number): void {
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
  rlike,
  regexpExtract,
  stringFunction({
    name: "regexp_extract_all",
    arity: [2, 3],
    resolve: signature([stringType, stringType, intType], arrayType(stringType, false)),
    bind: () => {
      const compile = compileRegex("regexp_extract_all");
      return (s, pattern, index) => {
        const regex = compile(pattern as string);
        const groupIndex = index === undefined ? 1 : (index as number);
        checkGroup("regexp_extract_all", groupIndex, regex.groupCount());
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
    arity: [3, 4],
    resolve: (args, call) => {
      const position = args[3] === undefined ? 1 : requireLiteral(args[3], "position", call);
      if (typeof position === "number" && position < 1)
        throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
          sqlExpr: call.sql,
          exprName: "`position`",
          valueRange: "(0, 2147483647]",
          currentValue: String(position),
        });
      return signature([stringType, stringType, stringType, intType], stringType)(args, call);
    },
    bind: () => {
      const compile = compileRegex("regexp_replace");
      return (s, pattern, replacement, position) =>
        replaceAll(compile(pattern as string), s as string, replacement as string, (position ?? 1) as number);
    },
    usage: "regexp_replace(str, regexp, replacement[, position])",
    summary: "Every match from a position on (1 unless given) replaced; $1 in the replacement is the first group.",
    examples: example("regexp_replace('100-200', '([0-9]+)', 'num')", "num-num"),
  }),
  stringFunction({
    name: "regexp_count",
    arity: [2, 2],
    resolve: signature([stringType], intType),
    bind: () => {
      const compile = compileRegex("regexp_count");
      return (s, pattern) => {
        const matcher = compile(pattern as string).matcher(s as string);
        let n = 0;
        while (matcher.find()) n++;
        return n;
      };
    },
    usage: "regexp_count(str, regexp)",
    summary: "How often a regular expression matches.",
    examples: example("regexp_count('Steven Jones and Stephen Smith', 'Ste(v|ph)en')", "2"),
  }),
  stringFunction({
    name: "regexp_instr",
    arity: [2, 3],
    resolve: signature([stringType, stringType, intType], intType),
    bind: () => {
      const compile = compileRegex("regexp_instr");
      return (s, pattern) => {
        const matcher = compile(pattern as string).matcher(s as string);
        return matcher.find() ? matcher.start() + 1 : 0;
      };
    },
    usage: "regexp_instr(str, regexp[, idx])",
    summary: "Where the first match begins, from 1; 0 without one. The group idx is not looked at, as in Spark.",
    examples: example("regexp_instr('user@spark.apache.org', '@[^.]*')", "5"),
  }),
  stringFunction({
    name: "regexp_substr",
    arity: [2, 2],
    resolve: signature([stringType], stringType),
    canReturnNull: true,
    bind: () => {
      const compile = compileEither("regexp_substr");
      return (s, pattern) => {
        const found = extractGroup(compile(pattern as string), s as string, 0);
        return found === "" ? null : found;
      };
    },
    usage: "regexp_substr(str, regexp)",
    summary: "The first match; NULL when there is none or it is empty.",
    examples: example("regexp_substr('Steven Jones', 'Ste(v|ph)en')", "Steven"),
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
