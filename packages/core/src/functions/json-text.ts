/** JSON text ↔ a tree that keeps numbers as written, for the JSON functions. Sources scan bytes and do not come here. */

/** A number keeps its text, so that no digit of a BIGINT or DECIMAL is lost. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export type JsonTree = null | boolean | string | JsonNumber | readonly JsonTree[] | ReadonlyMap<string, JsonTree>;

const maximumDepth = 1000;
const numberGrammar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const stringGrammar = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const spaceGrammar = /[ \t\n\r]*/y;

/** The tree of a JSON document, or undefined when it is malformed. Of equal keys the last one counts. */
export function parseJson(text: string): JsonTree | undefined {
  const reader = new Reader(text);
  const tree = reader.value(0);
  return tree !== undefined && reader.atEnd() ? tree : undefined;
}

class Reader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }
  atEnd(): boolean {
    this.#space();
    return this.#at === this.#text.length;
  }
  #space(): void {
    spaceGrammar.lastIndex = this.#at;
    spaceGrammar.exec(this.#text);
    this.#at = spaceGrammar.lastIndex;
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
    const quoted = this.#take(stringGrammar);
    if (quoted === undefined) return undefined;
    return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
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
        return this.#string();
      case "t":
        return this.#accept("true") ? true : undefined;
      case "f":
        return this.#accept("false") ? false : undefined;
      case "n":
        return this.#accept("null") ? null : undefined;
      default: {
        const text = this.#take(numberGrammar);
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
      const key = this.#string();
      if (key === undefined || !this.#accept(":")) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      fields.set(key, value);
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
  if (tree instanceof JsonNumber) return tree.text;
  if (isObject(tree))
    return `{${[...tree].map(([key, value]) => `${JSON.stringify(key)}:${printJson(value)}`).join(",")}}`;
  return `[${tree.map(printJson).join(",")}]`;
}

export function isObject(tree: JsonTree): tree is ReadonlyMap<string, JsonTree> {
  return tree instanceof Map;
}
export function isList(tree: JsonTree): tree is readonly JsonTree[] {
  return Array.isArray(tree);
}
