/**
 * JSON with whole 64-bit integers. Offsets are Java longs; `JSON.parse` would round those beyond 2^53. Integers become
 * bigint, other numbers number, and objects Maps in the order of the text, so that no key can reach a prototype.
 */
export type LosslessJson = null | boolean | string | number | bigint | readonly LosslessJson[] | LosslessObject;
export type LosslessObject = ReadonlyMap<string, LosslessJson>;

/** Text that is not JSON; `at` is the position in UTF-16 units. */
export class LosslessJsonError extends Error {
  override readonly name = "LosslessJsonError";
  readonly at: number;
  constructor(message: string, at: number) {
    super(`${message} at character ${at}`);
    this.at = at;
  }
}

const deepest = 512;
const numberPattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const stringPattern = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
const spacePattern = /[ \t\n\r]*/y;

class Scanner {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }
  parse(): LosslessJson {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) throw this.#error("more text follows the value");
    return value;
  }
  #error(message: string): LosslessJsonError {
    return new LosslessJsonError(message, this.#at);
  }
  #space(): void {
    spacePattern.lastIndex = this.#at;
    spacePattern.exec(this.#text);
    this.#at = spacePattern.lastIndex;
  }
  #take(char: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
  #value(depth: number): LosslessJson {
    if (depth > deepest) throw this.#error("it is nested too deeply");
    this.#space();
    for (const [word, value] of [
      ["null", null],
      ["true", true],
      ["false", false],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    if (this.#text[this.#at] === '"') return this.#string();
    if (this.#take("{")) return this.#object(depth);
    if (this.#take("[")) return this.#array(depth);
    return this.#number();
  }
  #string(): string {
    stringPattern.lastIndex = this.#at;
    const match = stringPattern.exec(this.#text);
    if (match === null) throw this.#error("a string is expected");
    try {
      const value: unknown = JSON.parse(match[0]);
      if (typeof value === "string") {
        this.#at = stringPattern.lastIndex;
        return value;
      }
    } catch {
      // Reported below with its position.
    }
    throw this.#error("a string has a wrong escape");
  }
  #number(): number | bigint {
    numberPattern.lastIndex = this.#at;
    const match = numberPattern.exec(this.#text);
    if (match === null) throw this.#error("a value is expected");
    this.#at = numberPattern.lastIndex;
    return match[1] === undefined && match[2] === undefined ? BigInt(match[0]) : Number(match[0]);
  }
  #array(depth: number): LosslessJson[] {
    const items: LosslessJson[] = [];
    if (this.#take("]")) return items;
    for (;;) {
      items.push(this.#value(depth + 1));
      if (this.#take("]")) return items;
      if (!this.#take(",")) throw this.#error("a comma or ] is expected");
    }
  }
  #object(depth: number): LosslessObject {
    const members = new Map<string, LosslessJson>();
    if (this.#take("}")) return members;
    for (;;) {
      this.#space();
      const name = this.#string();
      if (!this.#take(":")) throw this.#error("a colon is expected");
      members.set(name, this.#value(depth + 1));
      if (this.#take("}")) return members;
      if (!this.#take(",")) throw this.#error("a comma or } is expected");
    }
  }
}

/** @throws {@link LosslessJsonError} */
export function parseLosslessJson(text: string): LosslessJson {
  return new Scanner(text).parse();
}

/** Compact JSON text; bigints as whole numbers. */
export function printLosslessJson(value: LosslessJson): string {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) {
    const members = [...(value as LosslessObject)].map(([k, v]) => `${JSON.stringify(k)}:${printLosslessJson(v)}`);
    return `{${members.join(",")}}`;
  }
  if (Array.isArray(value)) return `[${(value as readonly LosslessJson[]).map(printLosslessJson).join(",")}]`;
  return JSON.stringify(value);
}
