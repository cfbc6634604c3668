import { MillraceError, type ErrorContext } from "../errors/index.ts";
import { isWord, tokenize, type Tokens } from "./lexer.ts";
import { syntaxError } from "./parse-error.ts";
import { quotedName } from "./string-literal.ts";
import { firstKeyword, token } from "./token.ts";

/** A place in the tokens of a text, with what every rule of the grammar asks there. */
export class TokenCursor {
  readonly text: string;
  readonly tokens: Tokens;
  readonly kinds: Uint8Array;
  position = 0;

  /** @throws MillraceError PARSE_EMPTY_STATEMENT for a text without tokens */
  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
    this.kinds = this.tokens.kinds;
    if (this.kinds[0] === token.end) {
      throw new MillraceError("PARSE_EMPTY_STATEMENT", {}, { context: { sql: { text, start: 0, stop: text.length } } });
    }
  }

  /** Kind of the token `ahead` places after the next one. */
  peek(ahead = 0): number {
    const index = this.position + ahead;
    return index < this.tokens.count ? this.kinds[index]! : token.end;
  }

  /** Text of the token as written. */
  peekText(ahead = 0): string {
    const index = Math.min(this.position + ahead, this.tokens.count - 1);
    return this.text.slice(this.tokens.starts[index]!, this.tokens.stops[index]!);
  }

  /** Whether the token is the unquoted word (in upper case). */
  isWordAt(word: string, ahead = 0): boolean {
    const kind = this.peek(ahead);
    return (kind === token.word || kind >= firstKeyword) && this.peekText(ahead).toUpperCase() === word;
  }

  advance(): void {
    if (this.position < this.tokens.count - 1) this.position++;
  }

  accept(kind: number): boolean {
    if (this.peek() !== kind) return false;
    this.advance();
    return true;
  }

  acceptWord(word: string): boolean {
    if (!this.isWordAt(word)) return false;
    this.advance();
    return true;
  }

  expect(kind: number, shown: string): void {
    if (!this.accept(kind)) throw this.unexpected(this.peek() === token.end ? `: missing '${shown}'` : "");
  }

  expectWord(word: string): void {
    if (!this.acceptWord(word)) throw this.unexpected(this.peek() === token.end ? `: missing '${word}'` : "");
  }

  expectEnd(): void {
    if (this.peek() === token.end) return;
    throw this.unexpected(this.peek(1) === token.end ? `: extra input '${this.peekText()}'` : "");
  }

  /** The error for a next token that does not fit. */
  unexpected(hint = ""): MillraceError {
    return syntaxError(this.text, this.start(), this.tokens.stops[this.position]!, hint);
  }

  /** Where the next token starts. */
  start(): number {
    return this.tokens.starts[this.position]!;
  }

  /** Where the token before the next one stops. */
  stop(): number {
    return this.position === 0 ? 0 : this.tokens.stops[this.position - 1]!;
  }

  contextFrom(start: number): ErrorContext {
    return { sql: { text: this.text, start, stop: Math.max(start, this.stop()) } };
  }

  /** The next token as a name. */
  name(): string {
    const kind = this.peek();
    if (!isWord(kind)) throw this.unexpected();
    const text = this.peekText();
    if (kind === token.quotedWord && text === "``") throw this.unexpected(": a quoted name is empty");
    this.advance();
    return kind === token.quotedWord ? quotedName(text) : text;
  }
}
