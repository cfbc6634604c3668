/** JSON text ↔ a tree that keeps numbers as written, for the JSON functions. Sources scan bytes and do not come here. */

import { doubleText } from "./number-text.ts";

/** A number keeps its text, so that no digit of a BIGINT or DECIMAL is lost. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export type JsonTree = null | boolean | string | JsonNumber | readonly JsonTree[] | ReadonlyMap<string, JsonTree>;

/** What a parser accepts beyond the standard: the options of Spark's JSON functions. */
export interface JsonLeniency {
  readonly singleQuotes?: boolean;
  readonly unquotedNames?: boolean;
  readonly nonNumericNumbers?: boolean;
  readonly leadingZeros?: boolean;
  readonly comments?: boolean;
  readonly backslashAnything?: boolean;
  /** What stands behind the value is not looked at. */
  readonly trailing?: boolean;
  /** Of equal keys the first one counts. */
  readonly firstKey?: boolean;
  /** Called with each key of the outermost object. */
  readonly onKey?: (key: string) => void;
}
const strict: JsonLeniency = {};

const maximumDepth = 1000;
const numberGrammar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const zerosGrammar = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const nonNumericGrammar = /[+-]?(?:NaN|INF|Infinity)(?!\w)/y;
const nameGrammar = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const stringGrammar = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const lenientStringGrammar = /(["'])(?:(?!\1)[^\\\u0000-\u001f]|\\(?:[^u]|u[0-9a-fA-F]{4}))*\1/y;
const spaceGrammar = /[ \t\n\r]*/y;
const commentGrammar = /(?:[ \t\n\r]|\/\*[^]*?\*\/|\/\/[^\n]*)*/y;
const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** The tree of a JSON document, or undefined when it is malformed. Of equal keys the last one counts, unless said otherwise. */
export function parseJson(text: string, leniency: JsonLeniency = strict): JsonTree | undefined {
  const reader = new Reader(text, leniency);
  const tree = reader.value(0);
  return tree !== undefined && (leniency.trailing === true || reader.atEnd()) ? tree : undefined;
}

class Reader {
  readonly #text: string;
  readonly #leniency: JsonLeniency;
  readonly #spaces: RegExp;
  #at = 0;
  constructor(text: string, leniency: JsonLeniency) {
    this.#text = text;
    this.#leniency = leniency;
    this.#spaces = leniency.comments === true ? commentGrammar : spaceGrammar;
  }
  atEnd(): boolean {
    this.#space();
    return this.#at === this.#text.length;
  }
  #space(): void {
    this.#spaces.lastIndex = this.#at;
    this.#spaces.exec(this.#text);
    this.#at = this.#spaces.lastIndex;
  }
  #take(grammar: RegExp): string | undefined {
    grammar.lastIndex = this.#at;
    const match = grammar.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match[0];
  }
  #accept(mark: string): boolean {
    this.#space();
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    return true;
  }
  #string(): string | undefined {
    const { singleQuotes, backslashAnything } = this.#leniency;
    const first = this.#text[this.#at];
    if (first === '"' && backslashAnything !== true) {
      const quoted = this.#take(stringGrammar);
      if (quoted === undefined) return undefined;
      return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
    }
    if (first !== '"' && (first !== "'" || singleQuotes !== true)) return undefined;
    const quoted = this.#take(lenientStringGrammar)?.slice(1, -1);
    if (quoted === undefined || (backslashAnything !== true && /\\[^"'\\/bfnrtu]/.test(quoted))) return undefined;
    return quoted.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex: string | undefined, c: string) =>
      hex === undefined ? (escapes[c] ?? c) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  #key(): string | undefined {
    const quoted = this.#string();
    return quoted ?? (this.#leniency.unquotedNames === true ? this.#take(nameGrammar) : undefined);
  }
  value(depth: number): JsonTree | undefined {
    if (depth > maximumDepth) return undefined;
    this.#space();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
      case "'":
        return this.#string();
      case "t":
        return this.#accept("true") ? true : undefined;
      case "f":
        return this.#accept("false") ? false : undefined;
      case "n":
        return this.#accept("null") ? null : undefined;
      default: {
        const { leadingZeros, nonNumericNumbers } = this.#leniency;
        const text =
          this.#take(leadingZeros === true ? zerosGrammar : numberGrammar) ??
          (nonNumericNumbers === true ? this.#take(nonNumericGrammar) : undefined);
        return text === undefined ? undefined : new JsonNumber(text);
      }
    }
  }
  #object(depth: number): JsonTree | undefined {
    const fields = new Map<string, JsonTree>();
    this.#at++;
    if (this.#accept("}")) return fields;
    do {
      this.#space();
      const key = this.#key();
      if (key === undefined || !this.#accept(":")) return undefined;
      if (depth === 0) this.#leniency.onKey?.(key);
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      if (this.#leniency.firstKey !== true || !fields.has(key)) fields.set(key, value);
    } while (this.#accept(","));
    return this.#accept("}") ? fields : undefined;
  }
  #array(depth: number): JsonTree | undefined {
    const items: JsonTree[] = [];
    this.#at++;
    if (this.#accept("]")) return items;
    do {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
    } while (this.#accept(","));
    return this.#accept("]") ? items : undefined;
  }
}

/** The tree as compact JSON. */
export function printJson(tree: JsonTree): string {
  if (tree === null || typeof tree === "boolean") return String(tree);
  if (typeof tree === "string") return JSON.stringify(tree);
  if (tree instanceof JsonNumber) return numberText(tree.text);
  if (isObject(tree))
    return `{${[...tree].map(([key, value]) => `${JSON.stringify(key)}:${printJson(value)}`).join(",")}}`;
  return `[${tree.map(printJson).join(",")}]`;
}

/** Numbers with a fraction or exponent as Java prints a double. */
function numberText(text: string): string {
  if (/[NI]/.test(text)) return `"${text}"`;
  return /[.eE]/.test(text) ? doubleText(Number(text)) : text;
}

export function isObject(tree: JsonTree): tree is ReadonlyMap<string, JsonTree> {
  return tree instanceof Map;
}
export function isList(tree: JsonTree): tree is readonly JsonTree[] {
  return Array.isArray(tree);
}
