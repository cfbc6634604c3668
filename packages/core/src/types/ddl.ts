/**
 * Schemas as DDL strings: `a INT NOT NULL COMMENT 'x', b STRUCT<x: INT, y: ARRAY<STRING>>, m MAP<STRING, BIGINT>`.
 * Type names and keywords are case-insensitive; names may stand in back-quotes; a colon after a name is optional.
 */
import { MillraceError } from "../errors/index.ts";
import { checkedDecimalType, checkedTimeType, simpleTypeOf } from "./atomic-types.ts";
import { arrayType, type DataType, type Field, mapType, stringType, type StructType, structType } from "./data-type.ts";
import { quoteIfNeeded } from "./identifier.ts";
import { commentClause, dayTimeFields, intervalTypeOf, sqlName, yearMonthFields } from "./type-names.ts";

/** The columns as a DDL string, as Spark's `StructType.toDDL`. Of the metadata only the comment is kept. */
export function toDdl(schema: StructType): string {
  return schema.fields
    .map(
      (f) => `${quoteIfNeeded(f.name)} ${sqlName(f.type)}${f.nullable ? "" : " NOT NULL"}${commentClause(f.metadata)}`,
    )
    .join(",");
}

/**
 * A schema from a DDL string: a list of columns, or one `STRUCT<…>`.
 * @throws MillraceError PARSE_SYNTAX_ERROR, UNSUPPORTED_DATATYPE and those of decimal and string lengths
 */
export function parseDdl(text: string): StructType {
  const parser = new DdlParser(text, 0);
  if (parser.peek() === undefined) return structType([]);
  const structOnly = /^\s*struct\s*</i.test(text);
  if (structOnly) {
    const type = parser.dataType();
    if (parser.peek() === undefined && type.kind === "struct") return type;
    parser.fail();
  }
  const fields = [parser.column()];
  while (parser.accept(",")) fields.push(parser.column());
  if (parser.peek() !== undefined) parser.fail();
  return structType(fields);
}

/** One type from its DDL notation, such as `ARRAY<DECIMAL(10, 2)>`. */
export function parseDataType(text: string): DataType {
  const parser = new DdlParser(text, 0);
  const type = parser.dataType();
  if (parser.peek() !== undefined) parser.fail();
  return type;
}

/** Reads the type that starts at `start` inside a longer text (a CAST, say); `end` is the position after it. */
export function readDataType(text: string, start: number): { readonly type: DataType; readonly end: number } {
  const parser = new DdlParser(text, start);
  const type = parser.dataType();
  return { type, end: parser.end };
}

interface Token {
  readonly kind: "word" | "quoted" | "number" | "string" | "symbol" | "unknown";
  readonly text: string;
  readonly start: number;
  readonly stop: number;
}

const blank = /\s*/y;
const word = /[\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*/uy;
const digits = /\d+/y;
const quotedName = /`(?:[^`]|``)*`/y;
const quotedText = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y;

class DdlParser {
  readonly #text: string;
  /** Position after the last token taken. */
  end: number;
  #next: Token | undefined;

  constructor(text: string, start: number) {
    this.#text = text;
    this.end = start;
    this.#next = this.#scan(start);
  }

  peek(): Token | undefined {
    return this.#next;
  }

  accept(symbol: string): boolean {
    if (this.#next?.kind !== "symbol" || this.#next.text !== symbol) return false;
    this.#take();
    return true;
  }

  /** A column of the list: name, type, NOT NULL, COMMENT. Also a field of a struct. */
  column(): Field {
    const name = this.#name();
    this.accept(":");
    const type = this.dataType();
    const nullable = !this.#acceptWord("not");
    if (!nullable && !this.#acceptWord("null")) this.fail();
    if (!this.#acceptWord("comment")) return { name, type, nullable };
    const comment = this.#take();
    if (comment?.kind !== "string") this.fail(comment);
    return { name, type, nullable, metadata: { comment: unescape(comment.text) } };
  }

  dataType(): DataType {
    const token = this.#take();
    if (token?.kind !== "word") this.fail(token);
    const name = token.text.toLowerCase();
    switch (name) {
      case "array": {
        if (!this.accept("<")) this.#incomplete("ARRAY", "ARRAY<INT>");
        const element = this.dataType();
        this.#expect(">");
        return arrayType(element);
      }
      case "map": {
        if (!this.accept("<")) this.#incomplete("MAP", "MAP<STRING, INT>");
        const key = this.dataType();
        this.#expect(",");
        const value = this.dataType();
        this.#expect(">");
        return mapType(key, value);
      }
      case "struct": {
        if (!this.accept("<")) this.#incomplete("STRUCT", "STRUCT<name: STRING, size: INT>");
        const fields: Field[] = [];
        if (this.accept(">")) return structType(fields);
        do fields.push(this.column());
        while (this.accept(","));
        this.#expect(">");
        return structType(fields);
      }
      case "decimal":
      case "dec":
      case "numeric": {
        const [precision = 10, scale = 0] = this.#sizes(2);
        return checkedDecimalType(precision, scale);
      }
      case "time": {
        const [precision = 6] = this.#sizes(1);
        const zone = this.#acceptWord("without") ? ["time", "zone"] : [];
        for (const expected of zone) if (!this.#acceptWord(expected)) this.fail();
        return checkedTimeType(precision);
      }
      case "char":
      case "character":
      case "varchar":
        if (this.#sizes(1).length === 0) throw new MillraceError("DATATYPE_MISSING_SIZE", { type: name.toUpperCase() });
        return stringType;
      case "interval":
        return this.#interval(token);
      default: {
        const type = simpleTypeOf(name);
        if (type === undefined) this.#unsupported(token.text, token);
        return type;
      }
    }
  }

  /** Throws for the given token, or for the next one. */
  fail(token: Token | undefined = this.#next): never {
    const error = token === undefined ? "end of input" : `'${token.text}'`;
    throw new MillraceError("PARSE_SYNTAX_ERROR", { error, hint: "" }, { context: this.#context(token) });
  }

  #interval(first: Token): DataType {
    const start = this.#acceptUnit();
    if (start === undefined) return this.#unsupported("INTERVAL", first);
    const end = this.#acceptWord("to") ? (this.#acceptUnit() ?? this.fail()) : start;
    const name = start === end ? `interval ${start}` : `interval ${start} to ${end}`;
    return intervalTypeOf(name) ?? this.#unsupported(name.toUpperCase(), first);
  }

  #acceptUnit(): string | undefined {
    for (const unit of [...yearMonthFields, ...dayTimeFields]) if (this.#acceptWord(unit)) return unit;
    return undefined;
  }

  /** `(n)` or `(n, m)`, or nothing. */
  #sizes(maximum: number): readonly number[] {
    const sizes: number[] = [];
    if (!this.accept("(")) return sizes;
    do {
      const token = this.#take();
      if (token?.kind !== "number" || sizes.length === maximum) this.fail(token);
      sizes.push(Number(token.text));
    } while (this.accept(","));
    this.#expect(")");
    return sizes;
  }

  #name(): string {
    const token = this.#take();
    if (token?.kind === "quoted") return token.text.slice(1, -1).replaceAll("``", "`");
    if (token?.kind !== "word") this.fail(token);
    return token.text;
  }

  #acceptWord(expected: string): boolean {
    if (this.#next?.kind !== "word" || this.#next.text.toLowerCase() !== expected) return false;
    this.#take();
    return true;
  }

  #expect(symbol: string): void {
    if (!this.accept(symbol)) this.fail();
  }

  #incomplete(type: string, example: string): never {
    throw new MillraceError("INCOMPLETE_TYPE_DEFINITION", { type, example }, { context: this.#context(this.#next) });
  }

  #unsupported(name: string, token: Token): never {
    throw new MillraceError(
      "UNSUPPORTED_DATATYPE",
      { typeName: `"${name.toUpperCase()}"` },
      { context: this.#context(token) },
    );
  }

  #context(token: Token | undefined): { sql: { text: string; start: number; stop: number } } {
    const length = this.#text.length;
    return { sql: { text: this.#text, start: token?.start ?? length, stop: token?.stop ?? length } };
  }

  #take(): Token | undefined {
    const token = this.#next;
    if (token !== undefined) {
      this.end = token.stop;
      this.#next = this.#scan(token.stop);
    }
    return token;
  }

  #scan(from: number): Token | undefined {
    blank.lastIndex = from;
    blank.test(this.#text);
    const start = blank.lastIndex;
    if (start >= this.#text.length) return undefined;
    for (const [kind, pattern] of tokenPatterns) {
      pattern.lastIndex = start;
      const match = pattern.exec(this.#text);
      if (match !== null) return { kind, text: match[0], start, stop: pattern.lastIndex };
    }
    const symbol = this.#text[start]!;
    return { kind: "<>(),:".includes(symbol) ? "symbol" : "unknown", text: symbol, start, stop: start + 1 };
  }
}

const tokenPatterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["word", word],
  ["number", digits],
  ["quoted", quotedName],
  ["string", quotedText],
];

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", "0": "\0", Z: "\x1a" };
function unescape(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\([^])/g, (_, escaped: string) => escapes[escaped] ?? escaped);
}
