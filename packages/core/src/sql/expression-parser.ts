/**
 * Spark SQL's expression grammar (`booleanExpression`, `valueExpression`, `primaryExpression` of `SqlBaseParser.g4`). Operators
 * of a flat chain are reduced on a stack of operands, so a chain of any length needs no recursion; only parentheses, arguments and the
 * like recurse, up to {@link maximumNesting} levels.
 */
import { MillraceError } from "../errors/index.ts";
import type { Expr, Literal, Origin, UnresolvedFunction } from "../expressions/expression.ts";
import { transformUp } from "../expressions/traverse.ts";
import { booleanType, nullType, stringType } from "../types/data-type.ts";
import { finishedCall, innerNullsOption } from "./call-form.ts";
import { parseTypeAt } from "./data-type-text.ts";
import { intervalForm } from "./interval-form.ts";
import { isWord } from "./lexer.ts";
import { numberLiteral } from "./number-literal.ts";
import { predicateForm } from "./predicate-form.ts";
import { specialForms } from "./special-forms.ts";
import { stringValue } from "./string-literal.ts";
import { TokenCursor } from "./token-cursor.ts";
import { starForm } from "./star-form.ts";
import { token } from "./token.ts";
import { typedLiteral } from "./typed-literal.ts";
import { variantPath } from "./variant-path.ts";

export interface ParserOptions {
  /** Session time zone, for `TIMESTAMP '…'` without a zone. Default: UTC. */
  readonly timeZone?: string;
}

/** Levels of parentheses, calls, CASE and the like that an expression may have. */
export const maximumNesting = 1000;

/** How tightly a binary operator of `valueExpression` binds; 0 for other tokens. */
const precedences = new Uint8Array(128);
/** Function of the registry for an operator. */
const operatorNames: string[] = [];
const operators: readonly (readonly [precedence: number, kind: number, name: string])[] = [
  [1, token.equal, "="],
  [1, token.nullSafeEqual, "<=>"],
  [1, token.notEqual, "="],
  [1, token.less, "<"],
  [1, token.lessOrEqual, "<="],
  [1, token.greater, ">"],
  [1, token.greaterOrEqual, ">="],
  [2, token.pipe, "|"],
  [3, token.hat, "^"],
  [4, token.ampersand, "&"],
  [5, token.shiftLeft, "<<"],
  [5, token.shiftRight, ">>"],
  [5, token.shiftRightUnsigned, ">>>"],
  [6, token.plus, "+"],
  [6, token.minus, "-"],
  [6, token.concatenate, "concat"],
  [7, token.asterisk, "*"],
  [7, token.slash, "/"],
  [7, token.percent, "%"],
  [7, token.div, "div"],
];
for (const [precedence, kind, name] of operators) {
  precedences[kind] = precedence;
  operatorNames[kind] = name;
}
const signNames: Readonly<Record<number, string>> = {
  [token.minus]: "negative",
  [token.plus]: "positive",
  [token.tilde]: "~",
};

/** Words that end a select list and so are no alias without AS. */
const clauseWords: ReadonlySet<string> = new Set(
  "FROM WHERE GROUP HAVING ORDER SORT CLUSTER DISTRIBUTE LIMIT OFFSET UNION EXCEPT MINUS INTERSECT WINDOW LATERAL".split(
    " ",
  ),
);

export class ExpressionParser extends TokenCursor {
  readonly options: ParserOptions;
  #depth = 0;
  readonly #operands: Expr[] = [];
  readonly #operandStarts: number[] = [];
  readonly #pending: number[] = [];

  constructor(text: string, options: ParserOptions = {}) {
    super(text);
    this.options = options;
  }

  call(name: string, args: readonly Expr[], start: number): UnresolvedFunction {
    return { kind: "UnresolvedFunction", name, args, distinct: false, origin: this.#origin(start) };
  }

  #origin(start: number): Origin {
    return { sql: { text: this.text, start, stop: this.stop() } };
  }

  // ── Select lists ───────────────────────────────────────────────────────────────────────────────────────────────────────

  namedExpressions(): Expr[] {
    const list = [this.namedExpression()];
    while (this.accept(token.comma)) list.push(this.namedExpression());
    return list;
  }

  /** `expression [[AS] name]` */
  namedExpression(): Expr {
    return this.#aliased(this.expression());
  }

  #aliased(child: Expr): Expr {
    if (this.accept(token.as)) {
      if (this.accept(token.leftParenthesis)) return this.#namesOf(child);
    } else {
      const kind = this.peek();
      if (kind === token.leftParenthesis && child.kind === "UnresolvedFunction") {
        this.advance();
        return this.#namesOf(child);
      }
      if (!isWord(kind)) return child;
      if (kind !== token.quotedWord && clauseWords.has(this.peekText().toUpperCase())) return child;
    }
    return { kind: "Alias", child, name: this.name() };
  }

  /** The names of a generator's columns, behind their parenthesis. */
  #namesOf(child: Expr): Expr {
    const names = [this.name()];
    while (this.accept(token.comma)) names.push(this.name());
    this.expect(token.rightParenthesis, ")");
    return names.length === 1
      ? { kind: "Alias", child, name: names[0]! }
      : { kind: "Alias", child, name: names.join(", "), names };
  }

  /** `expression [ASC|DESC] [NULLS FIRST|LAST]` */
  sortItem(): Expr {
    const child = this.expression();
    const descending = !this.acceptWord("ASC") && this.acceptWord("DESC");
    let nulls: "first" | "last" = descending ? "last" : "first";
    if (this.acceptWord("NULLS")) {
      if (this.acceptWord("LAST")) nulls = "last";
      else {
        this.expectWord("FIRST");
        nulls = "first";
      }
    }
    return { kind: "SortOrder", child, direction: descending ? "descending" : "ascending", nulls };
  }

  // ── Boolean expressions ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Inlines what the grammar has as rules of their own: each level of nesting takes few frames of the stack, so that
   * {@link maximumNesting} levels fit.
   */
  expression(): Expr {
    if (++this.#depth > maximumNesting) throw this.tooDeep();
    const start = this.start();
    let ors: Expr[] | undefined;
    let ands: Expr[] | undefined;
    for (;;) {
      const termStart = this.start();
      const negations = this.#negations();
      let term = this.#operation();
      const kind = this.peek();
      if (kind === token.not || kind === token.is || (kind >= token.in && kind <= token.between))
        term = predicateForm(this, term, termStart);
      if (negations > 0) term = this.#repeated("not", negations, term, termStart);
      const operator = this.peek();
      if (operator === token.and) {
        (ands ??= []).push(term);
        this.advance();
        continue;
      }
      if (ands !== undefined) {
        ands.push(term);
        term = this.balanced("and", ands, 0, ands.length - 1, start);
        ands = undefined;
      }
      if (operator === token.or) {
        (ors ??= []).push(term);
        this.advance();
        continue;
      }
      this.#depth--;
      if (ors === undefined) return term;
      ors.push(term);
      return this.balanced("or", ors, 0, ors.length - 1, start);
    }
  }

  #negations(): number {
    let count = 0;
    while (this.peek() === token.bang || (this.peek() === token.not && this.#startsOperand(1))) {
      this.advance();
      count++;
    }
    return count;
  }

  #repeated(name: string, times: number, expr: Expr, start: number): Expr {
    let result = expr;
    for (let i = 0; i < times; i++) result = this.call(name, [result], start);
    return result;
  }

  /** A chain of AND or OR as the balanced tree that Spark makes of it; automatic column names show its parentheses. */
  balanced(name: string, terms: readonly Expr[], low: number, high: number, start: number): Expr {
    if (low === high) return terms[low]!;
    const middle = low + ((high - low) >> 1);
    const left = this.balanced(name, terms, low, middle, start);
    return this.call(name, [left, this.balanced(name, terms, middle + 1, high, start)], start);
  }

  #startsOperand(ahead: number): boolean {
    const kind = this.peek(ahead);
    return (
      isWord(kind) ||
      (kind >= token.string && kind <= token.leftParenthesis) ||
      kind === token.minus ||
      kind === token.plus ||
      kind === token.tilde ||
      kind === token.bang
    );
  }

  // ── Values ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Operands and binary operators from comparisons down to multiplication. */
  value(): Expr {
    if (++this.#depth > maximumNesting) throw this.tooDeep();
    const result = this.#operation();
    this.#depth--;
    return result;
  }

  #operation(): Expr {
    const base = this.#pending.length;
    for (;;) {
      const start = this.start();
      const signs = this.#signs();
      let operand = this.#primary();
      const after = this.peek();
      if (
        (after === token.dot || after === token.leftBracket || after === token.doubleColon || after === token.colon) &&
        operand.kind !== "UnresolvedStar"
      ) {
        operand = this.#postfix(operand, start);
      }
      this.#operands.push(signs === undefined ? operand : this.#withSigns(signs, operand, start));
      this.#operandStarts.push(start);
      const kind = this.peek();
      const precedence = precedences[kind]!;
      while (this.#pending.length > base && precedences[this.#pending[this.#pending.length - 1]!]! >= precedence)
        this.#reduce();
      if (precedence === 0) break;
      this.#pending.push(kind);
      this.advance();
    }
    this.#operandStarts.pop();
    return this.#operands.pop()!;
  }

  #reduce(): void {
    const kind = this.#pending.pop()!;
    this.#operandStarts.pop();
    const right = this.#operands.pop()!;
    const last = this.#operands.length - 1;
    const start = this.#operandStarts[last]!;
    const node = this.call(operatorNames[kind]!, [this.#operands[last]!, right], start);
    this.#operands[last] = kind === token.notEqual ? this.call("not", [node], start) : node;
  }

  tooDeep(): MillraceError {
    return new MillraceError(
      "EXPRESSION_NESTED_TOO_DEEP",
      { depth: `more than ${maximumNesting}`, limit: String(maximumNesting) },
      { context: this.contextFrom(this.start()) },
    );
  }

  #signs(): number[] | undefined {
    let signs: number[] | undefined;
    for (
      let kind = this.peek();
      kind === token.minus || kind === token.plus || kind === token.tilde;
      kind = this.peek()
    ) {
      // `-1` is a literal, so that the least BIGINT can be written.
      if (kind === token.minus && isNumber(this.peek(1))) break;
      (signs ??= []).push(kind);
      this.advance();
    }
    return signs;
  }

  #withSigns(signs: readonly number[], operand: Expr, start: number): Expr {
    let result = operand;
    for (let i = signs.length - 1; i >= 0; i--) result = this.call(signNames[signs[i]!]!, [result], start);
    return result;
  }

  #postfix(primary: Expr, start: number): Expr {
    let result = primary;
    for (;;) {
      const kind = this.peek();
      if (kind === token.dot && isWord(this.peek(1))) {
        this.advance();
        const field = this.name();
        result =
          result.kind === "UnresolvedAttribute"
            ? { kind: "UnresolvedAttribute", parts: [...result.parts, field], origin: this.#origin(start) }
            : {
                kind: "UnresolvedExtractValue",
                child: result,
                extraction: { kind: "Literal", value: field, type: stringType },
              };
      } else if (kind === token.leftBracket) {
        this.advance();
        const extraction = this.value();
        this.expect(token.rightBracket, "]");
        result = { kind: "UnresolvedExtractValue", child: result, extraction };
      } else if (kind === token.doubleColon) {
        this.advance();
        result = { kind: "Cast", child: result, type: this.dataType() };
      } else if (kind === token.colon) {
        const path = variantPath(this);
        result = this.call("variant_get", [result, { kind: "Literal", value: path, type: stringType }], start);
      } else {
        return result;
      }
    }
  }

  /** A data type: finds where it ends and leaves its text to the reader of types. */
  dataType(): ReturnType<typeof parseTypeAt>["type"] {
    const { type, next } = parseTypeAt(this.tokens, this.position);
    this.position = next;
    return type;
  }

  #primary(): Expr {
    const kind = this.peek();
    const start = this.start();
    if (kind === token.leftParenthesis) return this.#parenthesized(start);
    if (!isWord(kind)) return this.#constantOrStar(kind, start);
    const next = this.peek(1);
    if (kind === token.word) {
      if (next === token.leftParenthesis) {
        const special = specialForms.get(this.peekText().toUpperCase())?.(this, start);
        return special ?? this.functionCall(this.#nameParts().join("."), start);
      }
      if (next === token.string) return typedLiteral(this, start);
    } else if (kind === token.case && this.#startsOperand(1)) {
      return this.#case(start);
    }
    const constant = next === token.dot || kind === token.quotedWord ? undefined : this.#wordConstant(kind, start);
    if (constant !== undefined) return constant;
    const parts = this.#nameParts();
    const after = this.peek();
    if (after === token.leftParenthesis) return this.functionCall(parts.join("."), start);
    if (after === token.arrow && parts.length === 1) return this.#lambda(parts);
    if (after === token.dot && this.peek(1) === token.asterisk) return starForm(this, parts);
    return { kind: "UnresolvedAttribute", parts, origin: this.#origin(start) };
  }

  #constantOrStar(kind: number, start: number): Expr {
    if (isNumber(kind) || kind === token.minus) return this.#number(start);
    if (kind === token.string) return this.#string();
    if (kind === token.question || kind === token.colon) throw this.unexpected(": parameters are not supported");
    if (kind !== token.asterisk) throw this.unexpected();
    return starForm(this, []);
  }

  /** NULL, TRUE, FALSE and INTERVAL …; undefined, with nothing consumed, for a name. */
  #wordConstant(kind: number, start: number): Expr | undefined {
    if (kind === token.interval) return intervalForm(this, start);
    if (kind === token.null || kind === token.true || kind === token.false) {
      this.advance();
      return kind === token.null
        ? { kind: "Literal", value: null, type: nullType }
        : { kind: "Literal", value: kind === token.true, type: booleanType };
    }
    return undefined;
  }

  /** `a.b.c` */
  #nameParts(): string[] {
    const parts = [this.name()];
    while (this.peek() === token.dot && isWord(this.peek(1))) {
      this.advance();
      parts.push(this.name());
    }
    return parts;
  }

  #number(start: number): Expr {
    const negative = this.accept(token.minus);
    if (!isNumber(this.peek())) throw this.unexpected();
    const text = this.peekText();
    this.advance();
    return numberLiteral(negative ? `-${text}` : text, this.contextFrom(start));
  }

  /** Strings that stand side by side are one. */
  #string(): Literal {
    let value = "";
    while (this.peek() === token.string) {
      value += stringValue(this.peekText());
      this.advance();
    }
    return { kind: "Literal", value, type: stringType };
  }

  #parenthesized(start: number): Expr {
    const parameters = this.#lambdaParameters();
    if (parameters !== undefined) return this.#lambda(parameters);
    this.advance();
    this.refuseSubquery();
    const first = this.#aliased(this.expression());
    if (first.kind !== "Alias" && this.accept(token.rightParenthesis)) return first;
    if (this.peek() !== token.comma) throw this.unexpected(this.peek() === token.end ? ": missing ')'" : "");
    const fields = [first];
    while (this.accept(token.comma)) fields.push(this.namedExpression());
    this.expect(token.rightParenthesis, ")");
    return this.call("struct", fields, start);
  }

  /** The names of `(x, y) ->`, two or more, up to the arrow; undefined, with nothing consumed, for anything else. */
  #lambdaParameters(): string[] | undefined {
    let at = 1;
    for (; isWord(this.peek(at)) && this.peek(at + 1) === token.comma; at += 2);
    if (at === 1 || !isWord(this.peek(at)) || this.peek(at + 1) !== token.rightParenthesis) return undefined;
    if (this.peek(at + 2) !== token.arrow) return undefined;
    const names: string[] = [];
    while (names.length * 2 < at) {
      this.advance();
      names.push(this.name());
    }
    this.advance();
    return names;
  }

  /** A lambda from its arrow on. Names in the body that are one of its parameters become references to them. */
  #lambda(names: readonly string[]): Expr {
    this.expect(token.arrow, "->");
    const known = new Set(names.map((name) => name.toLowerCase()));
    const body = transformUp(this.expression(), (node) =>
      node.kind === "UnresolvedAttribute" && known.has(node.parts[0]!.toLowerCase())
        ? { kind: "UnresolvedLambdaVariable", parts: node.parts }
        : node,
    );
    return { kind: "LambdaFunction", body, parameters: names.map((name) => ({ name })) };
  }

  refuseSubquery(): void {
    if (this.isWordAt("SELECT") && (this.#startsOperand(1) || this.peek(1) === token.asterisk)) {
      throw this.unexpected(": subqueries are not supported in expressions");
    }
  }

  /** The arguments of a call, from its parenthesis on, and what may follow them. */
  functionCall(written: string, start: number): Expr {
    const name = written.toLowerCase();
    this.expect(token.leftParenthesis, "(");
    let distinct = false;
    if (this.peek() === token.distinct && this.#startsArgument(1)) {
      this.advance();
      distinct = true;
    } else if (this.isWordAt("ALL") && this.#startsArgument(1)) {
      this.advance();
    }
    const args: Expr[] = [];
    if (!this.accept(token.rightParenthesis)) {
      do {
        if (isWord(this.peek()) && this.peek(1) === token.fatArrow)
          throw this.unexpected(": named arguments are not supported");
        const arg = this.expression();
        args.push(name === "struct" ? this.#aliased(arg) : arg);
      } while (this.accept(token.comma));
      innerNullsOption(this, name, args);
      this.expect(token.rightParenthesis, ")");
    }
    return finishedCall(this, name, args, distinct, start);
  }

  #startsArgument(ahead: number): boolean {
    return this.#startsOperand(ahead) || this.peek(ahead) === token.asterisk;
  }

  #case(start: number): Expr {
    this.advance();
    const subject = this.peek() === token.when ? undefined : this.expression();
    const args: Expr[] = [];
    do {
      this.expect(token.when, "WHEN");
      const at = this.start();
      const condition = this.expression();
      args.push(subject === undefined ? condition : this.call("=", [subject, condition], at));
      this.expect(token.then, "THEN");
      args.push(this.expression());
    } while (this.peek() === token.when);
    if (this.accept(token.else)) args.push(this.expression());
    this.expect(token.endKeyword, "END");
    return this.call("when", args, start);
  }
}

function isNumber(kind: number): boolean {
  return kind >= token.integer && kind <= token.suffixed;
}
