/** Functions with patterns: LIKE, and regular expressions, on bytes or on re2js: both take linear time on any input. */
import { MillraceError } from "../../errors/index.ts";
import { arrayType, booleanType, intType, type SqlValue, stringType } from "../../types/data-type.ts";
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { bytesOf, fixedLocal, js, local, number, resultRange } from "../code.ts";
import type { EmitContext, Emitted, Emitter, EmitOptions } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { ByteResult, countCharacters } from "../kernels/bytes.ts";
import { LikePattern } from "../regex/like-pattern.ts";
import {
  compileTextRegex,
  countMatches,
  groupOfMatches,
  keepLast,
  parseReplacement,
  type Replacement,
  replaceMatches,
  plainSeparator,
  splitAtMatches,
  type TextRegex,
} from "../regex/text-regex.ts";
import { requireLiteral, signature } from "../resolution.ts";
import { emitBound, example, stringFunction } from "./string-function.ts";

const regexCache = (functionName: string): ((pattern: string) => TextRegex) =>
  keepLast((pattern) => compileTextRegex(pattern, functionName));

/** What `make` gives for constant text arguments; undefined for others, and where it throws: that error belongs to a row. */
function ofConstants<T>(
  options: EmitOptions,
  positions: readonly number[],
  make: (...texts: string[]) => T,
): T | undefined {
  const values = positions.map((i) => options.args[i]?.literal?.value);
  if (!values.every((value) => typeof value === "string")) return undefined;
  try {
    return make(...values);
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}
const constantRegex = (options: EmitOptions, functionName: string): TextRegex | undefined =>
  ofConstants(options, [1], (pattern) => compileTextRegex(pattern, functionName));

/** ILIKE compares lower-case texts. */
function likeMatcher(pattern: string, escape: string, fold: boolean): LikePattern {
  return new LikePattern(fold ? pattern.toLowerCase() : pattern, escape);
}
function like(name: "like" | "ilike"): ScalarFunction {
  const fold = name === "ilike";
  const self: ScalarFunction = stringFunction({
    name,
    arity: [2, 3],
    resolve: signature([stringType], booleanType),
    bind: () => {
      let escape = "\\";
      let compiled: LikePattern | undefined;
      let last: string | undefined;
      return (s, pattern, given) => {
        const wanted = given === undefined ? "\\" : (given as string);
        if (compiled === undefined || pattern !== last || wanted !== escape) {
          compiled = likeMatcher(pattern as string, wanted, fold);
          last = pattern as string;
          escape = wanted;
        }
        const bytes = encodeUtf8(fold ? (s as string).toLowerCase() : (s as string));
        return compiled.matches(bytes, 0, bytes.length);
      };
    },
    emit: {
      emit(args, ctx, types, options) {
        const positions = args.length === 2 ? [1] : [1, 2];
        const matcher = ofConstants(options, positions, (pattern, escape = "\\") => likeMatcher(pattern, escape, fold));
        if (matcher === undefined) return emitBound(self, args, ctx, types, options);
        if (!fold) return fixedLocal(ctx, js`${ctx.bind(matcher)}.matches(${bytesOf(args[0]!)})`);
        const lower = ctx.bind(new ByteResult());
        ctx.line(js`${lower}.lower(${bytesOf(args[0]!)});`);
        return fixedLocal(ctx, js`${ctx.bind(matcher)}.matches(${lower}.bytes, ${lower}.start, ${lower}.end)`);
      },
    },
    usage: `str ${name} pattern [ESCAPE escape]`,
    summary: `Whether the whole text matches a pattern in which _ stands for one character and % for any number${fold ? ", in any case" : ""}.`,
    examples: example(`'Spark' ${name} '_park'`, "true"),
  });
  return self;
}

/** A regular expression over a text that is a string. */
function overText<T>(text: SqlValue, use: (bytes: Uint8Array, start: number, end: number) => T): T {
  const bytes = encodeUtf8(text as string);
  return use(bytes, 0, bytes.length);
}

/** The first match; an empty text without one. */
function firstMatch(regex: TextRegex, text: SqlValue): string {
  return overText(text, (bytes, start, end) =>
    regex.find(bytes, start, end) ? decodeUtf8(bytes, regex.captures[0]!, regex.captures[1]!) : "",
  );
}

/** A group of the first match as a range of the text's own bytes, without a copy. */
function emitGroup(regex: TextRegex, group: number, value: Emitted, ctx: EmitContext): Emitted {
  const text = value as Emitted & { readonly shape: "bytes" };
  const name = ctx.bind(regex);
  const found = local(ctx, "n", js`${name}.find(${bytesOf(text)})`);
  const from = local(ctx, "s", js`${found} ? ${name}.captures[${number(group * 2)}] : -1`);
  const to = local(ctx, "e", js`${found} ? ${name}.captures[${number(group * 2 + 1)}] : -1`);
  const isThere = local(ctx, "n", js`${from} >= 0 && ${to} >= 0`);
  return {
    shape: "bytes",
    isNull: js.false,
    bytes: text.bytes,
    start: local(ctx, "s", js`${isThere} ? ${from} : ${text.start}`),
    end: local(ctx, "e", js`${isThere} ? ${to} : ${text.start}`),
  };
}
/** The constant group that a call asks for, 1 unless given; undefined when it is none, or not there. */
function constantGroup(args: readonly Emitted[], options: EmitOptions, regex: TextRegex): number | undefined {
  const group = args.length < 3 ? 1 : options.args[2]?.literal?.value;
  return typeof group === "number" && group >= 0 && group <= regex.groups ? group : undefined;
}

const regexpExtract: ScalarFunction = stringFunction({
  name: "regexp_extract",
  arity: [2, 3],
  resolve: signature([stringType, stringType, intType], stringType),
  bind: () => {
    const compile = regexCache("regexp_extract");
    return (s, pattern, index) => {
      const regex = compile(pattern as string);
      const group = index === undefined ? 1 : (index as number);
      return overText(s!, (bytes, start, end) => {
        if (!regex.find(bytes, start, end)) return "";
        checkGroup("regexp_extract", group, regex.groups);
        const [from, to] = [regex.captures[group * 2]!, regex.captures[group * 2 + 1]!];
        return from < 0 || to < 0 ? "" : decodeUtf8(bytes, from, to);
      });
    };
  },
  emit: {
    emit(args, ctx, types, options) {
      const regex = constantRegex(options, "regexp_extract");
      const group = regex && constantGroup(args, options, regex);
      if (regex === undefined || group === undefined) return emitBound(regexpExtract, args, ctx, types, options);
      return emitGroup(regex, group, args[0]!, ctx);
    },
  },
  usage: "regexp_extract(str, regexp[, idx])",
  summary: "A group of the first match (1 unless given; 0 is the whole match); an empty text without a match.",
  examples: example("regexp_extract('100-200', '([0-9]+)-([0-9]+)', 2)", "200"),
});

const rlike: ScalarFunction = stringFunction({
  name: "rlike",
  aliases: ["regexp", "regexp_like"],
  arity: [2, 2],
  resolve: signature([stringType], booleanType),
  bind: () => {
    const compile = regexCache("rlike");
    return (s, pattern) => {
      const regex = compile(pattern as string);
      return overText(s!, (bytes, start, end) => regex.find(bytes, start, end));
    };
  },
  emit: {
    emit(args, ctx, types, options) {
      const regex = constantRegex(options, "rlike");
      if (regex === undefined) return emitBound(rlike, args, ctx, types, options);
      return fixedLocal(ctx, js`${ctx.bind(regex)}.find(${bytesOf(args[0]!)})`);
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

/** An emitter for a constant expression; `use` gets the matcher and the range of the text. */
function emitWithRegex(
  self: () => ScalarFunction,
  use: (regex: TextRegex, bytes: Uint8Array, start: number, end: number) => SqlValue,
): Emitter {
  return {
    emit(args, ctx, types, options) {
      const regex = constantRegex(options, self().name);
      if (regex === undefined) return emitBound(self(), args, ctx, types, options);
      const call = js`${ctx.bind(use)}(${ctx.bind(regex)}, ${bytesOf(args[0]!)})`;
      return ctx.unbox(local(ctx, "t", call), types.returns);
    },
  };
}

const regexpExtractAll: ScalarFunction = stringFunction({
  name: "regexp_extract_all",
  arity: [2, 3],
  resolve: signature([stringType, stringType, intType], arrayType(stringType, false)),
  bind: () => {
    const compile = regexCache("regexp_extract_all");
    return (s, pattern, index) => {
      const regex = compile(pattern as string);
      const group = index === undefined ? 1 : (index as number);
      return overText(s!, (bytes, start, end) => {
        // Spark notices a group that is not there with the first match.
        if (group < 0 || group > regex.groups) {
          if (regex.find(bytes, start, end)) checkGroup("regexp_extract_all", group, regex.groups);
          return [];
        }
        return groupOfMatches(regex, group, bytes, start, end);
      });
    };
  },
  emit: {
    emit(args, ctx, types, options) {
      const regex = constantRegex(options, "regexp_extract_all");
      const group = regex && constantGroup(args, options, regex);
      if (regex === undefined || group === undefined) return emitBound(regexpExtractAll, args, ctx, types, options);
      const call = js`${ctx.bind(groupOfMatches)}(${ctx.bind(regex)}, ${number(group)}, ${bytesOf(args[0]!)})`;
      return ctx.unbox(local(ctx, "t", call), types.returns);
    },
  },
  usage: "regexp_extract_all(str, regexp[, idx])",
  summary: "A group of every match.",
  examples: example("regexp_extract_all('100-200, 300-400', '([0-9]+)-([0-9]+)', 1)", "[100, 300]"),
});

/** @throws INVALID_REGEXP_REPLACE for a replacement that is malformed or names a group that is not there */
function replacementOf(
  text: string,
  regex: TextRegex,
  subject: string,
  pattern: string,
  position: number,
): Replacement {
  const replacement = parseReplacement(text, regex.groups);
  if (replacement !== undefined) return replacement;
  throw new MillraceError("INVALID_REGEXP_REPLACE", {
    source: subject,
    pattern,
    replacement: text,
    position: String(position),
  });
}
const regexpReplace: ScalarFunction = stringFunction({
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
    const compile = regexCache("regexp_replace");
    const result = new ByteResult();
    return (s, pattern, replacement, given) => {
      const regex = compile(pattern as string);
      const position = (given ?? 1) as number;
      const text = s as string;
      // Positions count UTF-16 units; what stands before stays as it is.
      if (position > 1 && position > text.length) return text;
      const rest = encodeUtf8(position > 1 ? text.slice(position - 1) : text);
      if (!regex.find(rest, 0, rest.length)) return text;
      const parts = replacementOf(replacement as string, regex, text, pattern as string, position);
      replaceMatches(result, regex, parts, rest, 0, rest.length);
      return text.slice(0, position - 1) + decodeUtf8(result.bytes, result.start, result.end);
    };
  },
  emit: {
    emit(args, ctx, types, options) {
      const regex = constantRegex(options, "regexp_replace");
      const parts = regex && ofConstants(options, [2], (text) => parseReplacement(text, regex.groups));
      const fromStart = args.length === 3 || options.args[3]?.literal?.value === 1;
      if (regex === undefined || parts === undefined || !fromStart)
        return emitBound(regexpReplace, args, ctx, types, options);
      const result = ctx.bind(new ByteResult());
      const form = ctx.bind(replaceMatches);
      ctx.line(js`${form}(${result}, ${ctx.bind(regex)}, ${ctx.bind(parts)}, ${bytesOf(args[0]!)});`);
      return resultRange(ctx, result);
    },
  },
  usage: "regexp_replace(str, regexp, replacement[, position])",
  summary: "Every match from a position on (1 unless given) replaced; $1 in the replacement is the first group.",
  examples: example("regexp_replace('100-200', '([0-9]+)', 'num')", "num-num"),
});

const regexpCount: ScalarFunction = stringFunction({
  name: "regexp_count",
  arity: [2, 2],
  resolve: signature([stringType], intType),
  bind: () => {
    const compile = regexCache("regexp_count");
    return (s, pattern) => {
      const regex = compile(pattern as string);
      return overText(s!, (bytes, start, end) => countMatches(regex, bytes, start, end));
    };
  },
  emit: emitWithRegex(() => regexpCount, countMatches),
  usage: "regexp_count(str, regexp)",
  summary: "How often a regular expression matches.",
  examples: example("regexp_count('Steven Jones and Stephen Smith', 'Ste(v|ph)en')", "2"),
});

/** Position of the first match in UTF-16 units, from 1; 0 without one. */
function firstPosition(regex: TextRegex, bytes: Uint8Array, start: number, end: number): number {
  if (!regex.find(bytes, start, end)) return 0;
  const at = regex.captures[0]!;
  let pairs = 0;
  for (let i = start; i < at; i++) if (bytes[i]! >= 0xf0) pairs++;
  return countCharacters(bytes, start, at) + pairs + 1;
}
const regexpInstr: ScalarFunction = stringFunction({
  name: "regexp_instr",
  arity: [2, 3],
  resolve: signature([stringType, stringType, intType], intType),
  bind: () => {
    const compile = regexCache("regexp_instr");
    return (s, pattern) => {
      const regex = compile(pattern as string);
      return overText(s!, (bytes, start, end) => firstPosition(regex, bytes, start, end));
    };
  },
  emit: emitWithRegex(() => regexpInstr, firstPosition),
  usage: "regexp_instr(str, regexp[, idx])",
  summary: "Where the first match begins, from 1; 0 without one. The group idx is not looked at, as in Spark.",
  examples: example("regexp_instr('user@spark.apache.org', '@[^.]*')", "5"),
});

const regexpSubstr: ScalarFunction = stringFunction({
  name: "regexp_substr",
  arity: [2, 2],
  resolve: signature([stringType], stringType),
  canReturnNull: true,
  bind: () => {
    const compile = regexCache("regexp_substr");
    return (s, pattern) => {
      const found = firstMatch(compile(pattern as string), s!);
      return found === "" ? null : found;
    };
  },
  emit: {
    emit(args, ctx, types, options) {
      const regex = constantRegex(options, "regexp_substr");
      if (regex === undefined) return emitBound(regexpSubstr, args, ctx, types, options);
      const found = emitGroup(regex, 0, args[0]!, ctx) as Emitted & { readonly shape: "bytes" };
      return { ...found, isNull: local(ctx, "n", js`${found.start} === ${found.end}`) };
    },
  },
  usage: "regexp_substr(str, regexp)",
  summary: "The first match; NULL when there is none or it is empty.",
  examples: example("regexp_substr('Steven Jones', 'Ste(v|ph)en')", "Steven"),
});

const split: ScalarFunction = stringFunction({
  name: "split",
  arity: [2, 3],
  resolve: signature([stringType, stringType, intType], arrayType(stringType, false)),
  bind: () => {
    const compile = regexCache("split");
    const plain = keepLast(plainSeparator);
    return (s, pattern, limit) => {
      const most = limit === undefined ? -1 : (limit as number);
      const separator = most <= 0 ? plain(pattern as string) : undefined;
      // The runtime is faster than a regular expression.
      if (separator !== undefined) return (s as string).split(separator);
      const regex = compile(pattern as string);
      return overText(s!, (bytes, start, end) => splitAtMatches(regex, most, bytes, start, end));
    };
  },
  emit: {
    emit(args, ctx, types, options) {
      const pattern = options.args[1]?.literal?.value;
      const limit = args.length === 2 ? -1 : options.args[2]?.literal?.value;
      const regex = constantRegex(options, "split");
      if (
        regex === undefined ||
        typeof limit !== "number" ||
        (limit <= 0 && plainSeparator(pattern as string) !== undefined)
      )
        return emitBound(split, args, ctx, types, options);
      const call = js`${ctx.bind(splitAtMatches)}(${ctx.bind(regex)}, ${number(limit)}, ${bytesOf(args[0]!)})`;
      return ctx.unbox(local(ctx, "t", call), types.returns);
    },
  },
  usage: "split(str, regexp[, limit])",
  summary: "The parts between matches of a regular expression; a positive limit is the greatest number of parts.",
  examples: example("split('oneAtwoBthreeC', '[ABC]')", "[one, two, three, ]"),
});

export const patterns: readonly ScalarFunction[] = [
  like("like"),
  like("ilike"),
  rlike,
  regexpExtract,
  regexpExtractAll,
  regexpReplace,
  regexpCount,
  regexpInstr,
  regexpSubstr,
  split,
];
