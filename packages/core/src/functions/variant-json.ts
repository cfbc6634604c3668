/** JSON text to VARIANT, by the rules of Spark's `parse_json`. */
import { MillraceError } from "../errors/index.ts";
import { VariantBuilder } from "../columnar/variant-builder.ts";
import type { Variant } from "../columnar/variant-reader.ts";

const maximumDepth = 1000;
const numberGrammar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- JSON strings hold no control characters
const stringGrammar = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const spaceGrammar = /[ \t\n\r]*/y;
const wordGrammar = /true|false|null/y;

/** The variant of a JSON document; undefined for malformed text, and for an object with one key twice. */
export function parseVariant(text: string): Variant | undefined {
  const builder = new VariantBuilder();
  const reader = new Reader(text, builder);
  try {
    return reader.value(0) ? builder.finish() : undefined;
  } catch (error) {
    if (error instanceof MillraceError && error.errorClass === "VARIANT_DUPLICATE_KEY") return undefined;
    throw error;
  }
}

/** The variant of a string. */
export function textVariant(text: string): Variant {
  const builder = new VariantBuilder();
  builder.string(text);
  return builder.finish();
}

const wholeNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/** The variant of a field of CSV: a number or boolean when the text is one, else a string. */
export function variantOfText(text: string): Variant {
  const builder = new VariantBuilder();
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") builder.boolean(lower === "true");
  else if (wholeNumber.test(text)) appendNumber(builder, text);
  else builder.string(text);
  return builder.finish();
}

class Reader {
  readonly #text: string;
  readonly #builder: VariantBuilder;
  #at = 0;

  constructor(text: string, builder: VariantBuilder) {
    this.#text = text;
    this.#builder = builder;
  }

  #take(grammar: RegExp): string | undefined {
    grammar.lastIndex = this.#at;
    const match = grammar.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match[0];
  }

  #accept(mark: string): boolean {
    this.#take(spaceGrammar);
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #string(): string | undefined {
    const quoted = this.#take(stringGrammar);
    if (quoted === undefined) return undefined;
    if (!quoted.includes("\\")) return quoted.slice(1, -1);
    const text = JSON.parse(quoted) as string;
    return text.isWellFormed() ? text : undefined;
  }

  /** Appends the next value; false for malformed text. What follows the document is not looked at, as in Spark. */
  value(depth: number): boolean {
    if (depth > maximumDepth) return false;
    this.#take(spaceGrammar);
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"': {
        const text = this.#string();
        if (text !== undefined) this.#builder.string(text);
        return text !== undefined;
      }
      case "t":
      case "f":
      case "n": {
        const word = this.#take(wordGrammar);
        if (word === "null") this.#builder.null();
        else if (word !== undefined) this.#builder.boolean(word === "true");
        return word !== undefined && this.#ended();
      }
      default: {
        const text = this.#take(numberGrammar);
        if (text !== undefined) appendNumber(this.#builder, text);
        return text !== undefined && this.#ended();
      }
    }
  }

  /** Whether a number or word ends where it ends: `01` and `nullx` do not. */
  #ended(): boolean {
    const next = this.#text[this.#at];
    return next === undefined || " \t\n\r,]}".includes(next);
  }

  #object(depth: number): boolean {
    const start = this.#builder.position;
    const fields: { readonly key: string; readonly id: number; readonly offset: number }[] = [];
    this.#at++;
    if (!this.#accept("}")) {
      do {
        this.#take(spaceGrammar);
        const key = this.#string();
        if (key === undefined || !this.#accept(":")) return false;
        fields.push({ key, id: this.#builder.key(key), offset: this.#builder.position - start });
        if (!this.value(depth + 1)) return false;
      } while (this.#accept(","));
      if (!this.#accept("}")) return false;
    }
    this.#builder.finishObject(start, fields);
    return true;
  }

  #array(depth: number): boolean {
    const start = this.#builder.position;
    const offsets: number[] = [];
    this.#at++;
    if (!this.#accept("]")) {
      do {
        offsets.push(this.#builder.position - start);
        if (!this.value(depth + 1)) return false;
      } while (this.#accept(","));
      if (!this.#accept("]")) return false;
    }
    this.#builder.finishArray(start, offsets);
    return true;
  }
}

/** Whole numbers within 64 bits are LONG, other numbers without an exponent of up to 38 digits DECIMAL, the rest DOUBLE. */
export function appendNumber(builder: VariantBuilder, text: string): void {
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text);
    if (BigInt.asIntN(64, whole) === whole) {
      builder.long(whole);
      return;
    }
  }
  const decimal = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (decimal !== null) {
    const fraction = decimal[3] ?? "";
    const unscaled = BigInt(decimal[2]! + fraction);
    if (fraction.length <= 38 && String(unscaled).length <= 38) {
      builder.decimal(decimal[1] === "-" ? -unscaled : unscaled, fraction.length);
      return;
    }
  }
  builder.double(Number(text));
}
