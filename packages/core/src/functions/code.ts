/**
 * The only way to make {@link Code}: a template tag whose fixed parts are literals of our own source and whose holes take
 * Code alone, checked numbers, and numbered identifiers. A string of the user's cannot pass any of them; constants go
 * through `EmitContext.bind`.
 */
import { assertInvariant } from "../errors/index.ts";
import type { Code, Emitted, EmitContext } from "./emitter.ts";

class Fragment implements Code {
  readonly __code: string;
  constructor(text: string) {
    this.__code = text;
    Object.freeze(this);
  }
}

function text(code: Code): string {
  assertInvariant(code instanceof Fragment, "generated code may only be made of code fragments");
  return code.__code;
}

export interface CodeTag {
  (strings: TemplateStringsArray, ...holes: readonly Code[]): Code;
  readonly true: Code;
  readonly false: Code;
  readonly null: Code;
}

function tag(strings: TemplateStringsArray, ...holes: readonly Code[]): Code {
  assertInvariant(Object.isFrozen(strings) && Array.isArray(strings.raw), "js is a template tag");
  let out = strings[0]!;
  for (let i = 0; i < holes.length; i++) out += text(holes[i]!) + strings[i + 1]!;
  return new Fragment(out);
}

/** js`${a} + ${b}`: code from fixed text and other code. */
export const js: CodeTag = Object.assign(tag, {
  true: new Fragment("true") as Code,
  false: new Fragment("false") as Code,
  null: new Fragment("null") as Code,
});

/** A numeric constant: finite numbers and bigints literally (−0 and negative ones in parentheses), NaN and ±∞ by name. */
export function number(value: number | bigint): Code {
  if (typeof value === "bigint") return new Fragment(value < 0n ? `(${value}n)` : `${value}n`);
  assertInvariant(typeof value === "number", "a number is printed");
  if (Number.isNaN(value)) return new Fragment("NaN");
  if (!Number.isFinite(value)) return new Fragment(value > 0 ? "Infinity" : "(-Infinity)");
  if (Object.is(value, -0)) return new Fragment("(-0)");
  return new Fragment(value < 0 ? `(${value})` : `${value}`);
}

/** The name `<prefix><index>`: a prefix of one to eight lower-case letters. */
export function identifier(prefix: string, index: number): Code {
  assertInvariant(/^[a-z]{1,8}$/.test(prefix) && Number.isInteger(index) && index >= 0, "identifiers are numbered");
  return new Fragment(prefix + String(index));
}

/** Fragments one after the other with a separator of our own. */
export function joinCode(codes: readonly Code[], separator: ", " | " " | "\n" | " && " | " || " | " + " | "; "): Code {
  return new Fragment(codes.map(text).join(separator));
}

/** `a || b` with constants folded. */
export function either(a: Code, b: Code): Code {
  if (a === js.true || b === js.true) return js.true;
  if (a === js.false) return b;
  if (b === js.false || a === b) return a;
  return js`(${a} || ${b})`;
}
/** `a && b` with constants folded. */
export function both(a: Code, b: Code): Code {
  if (a === js.false || b === js.false) return js.false;
  if (a === js.true) return b;
  if (b === js.true || a === b) return a;
  return js`(${a} && ${b})`;
}
/** `!a` with constants folded. */
export function negated(a: Code): Code {
  if (a === js.true) return js.false;
  if (a === js.false) return js.true;
  return js`!${a}`;
}

/** Stores an expression in a fresh constant, so that it can be repeated. */
export function local(ctx: EmitContext, prefix: "v" | "n" | "b" | "s" | "e" | "i" | "t", value: Code): Code {
  const name = ctx.fresh(prefix);
  ctx.line(js`const ${name} = ${value};`);
  return name;
}

/** A fixed-width value held in a fresh constant. */
export function fixedLocal(ctx: EmitContext, value: Code, isNull: Code = js.false): Emitted {
  return { shape: "fixed", isNull, value: local(ctx, "v", value) };
}

/** The single expression of a fixed or boxed value. */
export function valueOf(emitted: Emitted): Code {
  assertInvariant(emitted.shape === "fixed" || emitted.shape === "boxed", "a value of one expression is expected");
  return emitted.value;
}

/** The byte range of a string or binary value as three arguments of a kernel. */
export function bytesOf(emitted: Emitted): Code {
  assertInvariant(emitted.shape === "bytes", "a value of bytes is expected");
  return js`${emitted.bytes}, ${emitted.start}, ${emitted.end}`;
}

/** The text or bytes that a kernel leaves in a ByteResult of kernels/bytes.ts, as a value of generated code. */
export function resultRange(ctx: EmitContext, result: Code): Emitted {
  return {
    shape: "bytes",
    isNull: js.false,
    bytes: local(ctx, "b", js`${result}.bytes`),
    start: local(ctx, "s", js`${result}.start`),
    end: local(ctx, "e", js`${result}.end`),
  };
}
