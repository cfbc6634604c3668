/**
 * The parser and compiler of the regular expressions that {@link ByteRegex} runs on bytes. They are a part of what RE2 knows, with the
 * same meaning: characters, classes that treat all characters beyond ASCII alike, groups, alternatives, `^` and `$`; `*`, `+` and
 * counts after single characters, `?` after groups as well. Anything else gives undefined, and re2js runs the expression.
 */

/** Which bytes a character class takes; 0x80 to 0xff all or none. */
export type ByteSet = Uint8Array;

/** One step of a program. Steps lead forwards only, so that a program always ends. */
export type Step =
  | { readonly op: "bytes"; readonly bytes: Uint8Array }
  | { readonly op: "set"; readonly set: ByteSet }
  | {
      readonly op: "loop";
      readonly set: ByteSet;
      readonly least: number;
      readonly most: number;
      readonly greedy: boolean;
      /** Number of the loop among those of the program. */
      readonly index: number;
    }
  | { readonly op: "split"; readonly first: number; readonly second: number; readonly index: number }
  | { readonly op: "jump"; readonly to: number }
  | { readonly op: "save"; readonly slot: number }
  | { readonly op: "begin" }
  | { readonly op: "end" }
  | { readonly op: "match" };

export interface ByteProgram {
  readonly steps: readonly Step[];
  readonly groups: number;
  readonly loops: number;
  readonly splits: number;
}

type Node =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "set"; readonly set: ByteSet }
  | {
      readonly kind: "loop";
      readonly set: ByteSet;
      readonly least: number;
      readonly most: number;
      readonly greedy: boolean;
    }
  | { readonly kind: "option"; readonly body: Node; readonly greedy: boolean }
  | { readonly kind: "group"; readonly body: Node; readonly index: number }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly branches: readonly Node[] }
  | { readonly kind: "begin" }
  | { readonly kind: "end" };

class Unsupported extends Error {}

/** Counts above this one are left to re2js: a bounded loop may be walked once for each position. */
const greatestCount = 64;
const escapes: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f", v: "\v", a: "\u0007" };

function setOf(test: (code: number) => boolean, beyond: boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, code) => ((code < 0x80 ? test(code) : beyond) ? 1 : 0));
}
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
const isWord = (c: number): boolean => isDigit(c) || c === 0x5f || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
const isSpace = (c: number): boolean => c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0c || c === 0x0d;
const namedSets: Readonly<Record<string, ByteSet>> = {
  d: setOf(isDigit, false),
  D: setOf((c) => !isDigit(c), true),
  w: setOf(isWord, false),
  W: setOf((c) => !isWord(c), true),
  s: setOf(isSpace, false),
  S: setOf((c) => !isSpace(c), true),
};
const anyButNewline = setOf((c) => c !== 0x0a, true);

class Parser {
  readonly #text: string;
  #at = 0;
  groups = 0;
  constructor(text: string) {
    this.#text = text;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw new Unsupported();
    return node;
  }

  #take(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    return true;
  }

  #choice(): Node {
    const branches = [this.#sequence()];
    while (this.#take("|")) branches.push(this.#sequence());
    return branches.length === 1 ? branches[0]! : { kind: "choice", branches };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#text.length && !"|)".includes(this.#text[this.#at]!)) parts.push(this.#quantified());
    return { kind: "sequence", parts };
  }

  #quantified(): Node {
    const atom = this.#atom();
    const count = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (count === null) {
      if (this.#text[this.#at] === "{") throw new Unsupported();
      return atom;
    }
    this.#at += count[0].length;
    const greedy = !this.#take("?");
    if (/^[*+?{]/.test(this.#text.slice(this.#at))) throw new Unsupported();
    const mark = count[0][0]!;
    const least = mark === "{" ? Number(count[1]) : mark === "+" ? 1 : 0;
    const most =
      mark === "?"
        ? 1
        : mark !== "{"
          ? Infinity
          : count[2] === undefined
            ? least
            : count[3] === ""
              ? Infinity
              : Number(count[3]);
    if (most < least || least > greatestCount || (most !== Infinity && most > greatestCount)) throw new Unsupported();
    if (atom.kind === "set") return { kind: "loop", set: atom.set, least, most, greedy };
    if (atom.kind === "bytes" && atom.bytes.length === 1)
      return { kind: "loop", set: setOf((c) => c === atom.bytes[0], false), least, most, greedy };
    if (mark !== "?" || atom.kind === "begin" || atom.kind === "end") throw new Unsupported();
    return { kind: "option", body: atom, greedy };
  }

  #atom(): Node {
    const c = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    this.#at += c.length;
    switch (c) {
      case "^":
        return { kind: "begin" };
      case "$":
        return { kind: "end" };
      case ".":
        return { kind: "set", set: anyButNewline };
      case "[":
        return { kind: "set", set: this.#class() };
      case "(":
        return this.#group();
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
      case "{":
        throw new Unsupported();
      default:
        return { kind: "bytes", bytes: new TextEncoder().encode(c) };
    }
  }

  #group(): Node {
    const capturing = !this.#take("?:");
    if (capturing && this.#text[this.#at] === "?") throw new Unsupported();
    const index = capturing ? ++this.groups : 0;
    const body = this.#choice();
    if (!this.#take(")")) throw new Unsupported();
    return capturing ? { kind: "group", body, index } : body;
  }

  #escape(): Node {
    const c = this.#text[this.#at++];
    if (c === undefined) throw new Unsupported();
    const named = Object.hasOwn(namedSets, c) ? namedSets[c] : undefined;
    if (named !== undefined) return { kind: "set", set: named };
    return { kind: "bytes", bytes: Uint8Array.of(this.#escapedCode(c)) };
  }
  #escapedCode(c: string): number {
    if (Object.hasOwn(escapes, c)) return escapes[c]!.charCodeAt(0);
    if (/[A-Za-z0-9]/.test(c) || c.charCodeAt(0) > 0x7f) throw new Unsupported();
    return c.charCodeAt(0);
  }

  #class(): ByteSet {
    const negated = this.#take("^");
    const set = new Uint8Array(256);
    let first = true;
    for (;;) {
      const c = this.#text[this.#at++];
      if (c === undefined || c === "[" || c.charCodeAt(0) > 0x7f) throw new Unsupported();
      if (c === "]" && !first) break;
      first = false;
      let low = c.charCodeAt(0);
      if (c === "\\") {
        const escaped = this.#text[this.#at++];
        if (escaped === undefined) throw new Unsupported();
        const named = Object.hasOwn(namedSets, escaped) ? namedSets[escaped] : undefined;
        if (named !== undefined) {
          named.forEach((member, code) => (set[code]! |= member));
          continue;
        }
        low = this.#escapedCode(escaped);
      }
      let high = low;
      if (this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]") {
        this.#at++;
        const until = this.#text[this.#at++];
        if (until === undefined || until === "[" || until.charCodeAt(0) > 0x7f) throw new Unsupported();
        high = until === "\\" ? this.#escapedCode(this.#text[this.#at++] ?? "A") : until.charCodeAt(0);
        if (high < low) throw new Unsupported();
      }
      set.fill(1, low, high + 1);
    }
    return negated ? set.map((member) => 1 - member) : set;
  }
}

/** The program of an expression, or undefined when it needs re2js. */
export function compileBytePattern(pattern: string): ByteProgram | undefined {
  const parser = new Parser(pattern);
  let tree: Node;
  try {
    tree = parser.parse();
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
  const steps: Step[] = [];
  let loops = 0;
  let splits = 0;
  const emit = (node: Node): void => {
    switch (node.kind) {
      case "bytes": {
        const before = steps.at(-1);
        // Characters side by side are compared at once, unless something jumps between them.
        if (before?.op === "bytes" && !joins.has(steps.length))
          steps[steps.length - 1] = { op: "bytes", bytes: Uint8Array.of(...before.bytes, ...node.bytes) };
        else steps.push({ op: "bytes", bytes: node.bytes });
        return;
      }
      case "set":
        steps.push({ op: "set", set: node.set });
        return;
      case "loop":
        steps.push({
          op: "loop",
          set: node.set,
          least: node.least,
          most: node.most,
          greedy: node.greedy,
          index: loops++,
        });
        return;
      case "begin":
      case "end":
        steps.push({ op: node.kind });
        return;
      case "sequence":
        for (const part of node.parts) emit(part);
        return;
      case "group":
        steps.push({ op: "save", slot: node.index * 2 });
        emit(node.body);
        steps.push({ op: "save", slot: node.index * 2 + 1 });
        return;
      case "option": {
        const at = steps.push({ op: "match" }) - 1;
        emit(node.body);
        const [inside, after] = [at + 1, steps.length];
        steps[at] = node.greedy
          ? { op: "split", first: inside, second: after, index: splits++ }
          : { op: "split", first: after, second: inside, index: splits++ };
        joins.add(after);
        return;
      }
      case "choice": {
        const exits: number[] = [];
        node.branches.forEach((branch, i) => {
          const last = i === node.branches.length - 1;
          const at = last ? -1 : steps.push({ op: "match" }) - 1;
          joins.add(steps.length);
          emit(branch);
          if (last) return;
          exits.push(steps.push({ op: "match" }) - 1);
          joins.add(steps.length);
          steps[at] = { op: "split", first: at + 1, second: steps.length, index: splits++ };
        });
        for (const exit of exits) steps[exit] = { op: "jump", to: steps.length };
        joins.add(steps.length);
        return;
      }
    }
  };
  const joins = new Set<number>();
  emit(tree);
  steps.push({ op: "match" });
  return { steps, groups: parser.groups, loops, splits };
}
