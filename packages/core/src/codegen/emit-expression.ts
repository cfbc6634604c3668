/**
 * Expressions to source. Each computation of a row is emitted once per block (see {@link FunctionEmitter.known}); arguments
 * of strict calls come out in evaluation order, one statement after the other, so that a chain of thousands of operators
 * neither recurses here nor nests in the generated code. AND and OR become flat sequences with a short cut.
 */
import { encodeUtf8 } from "../columnar/utf8.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { Call, Cast, Expr, LambdaFunction, Literal, UserFunctionCall } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { typeOf } from "../expressions/typing.ts";
import { emitCast } from "../functions/casts.ts";
import { both, either, js, joinCode, negated, number } from "../functions/code.ts";
import type { Code, Emitted } from "../functions/emitter.ts";
import { shapeOf } from "../functions/emitter.ts";
import { exactDecimal, exactLimit } from "../functions/exact-decimal.ts";
import { type DataType, type SqlValue } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { withAnsi } from "./batch-context.ts";
import {
  argumentInfos,
  bindCall,
  checkLazyDepth,
  evaluationOf,
  lazyOperands,
  operandsOf,
  scalarFunction,
  signatureOf,
} from "./bind-call.ts";
import { defaultCode, type FunctionEmitter } from "./emit-context.ts";
import { postOrder } from "./expression-ids.ts";
import { bindUserFunction } from "./user-function.ts";

/** A row that expressions are bound to. */
export interface RowScope {
  /** Distinguishes the columns of this row from those of other rows in the same function. */
  readonly id: number;
  /** Emits column `ordinal` at the current place. */
  column(ordinal: number): Emitted;
}

/** Arguments that are computed before the expression itself. */
function strictChildren(expr: Expr): readonly Expr[] {
  if (expr.kind === "LambdaFunction") return [];
  if (expr.kind !== "Call") return childrenOf(expr);
  if (evaluationOf(expr) !== "strict") return lazyOperands(expr).slice(0, 1);
  return scalarFunction(expr.fn).emit?.lazy === true ? [] : expr.args;
}

export class ExpressionEmitter {
  readonly #out: FunctionEmitter;
  readonly #values: ValueOptions;

  constructor(out: FunctionEmitter, values: ValueOptions) {
    this.#out = out;
    this.#values = values;
  }

  /** Emits what computes `root` at the current place and returns its value as variables and constants. */
  emit(root: Expr, row: RowScope): Emitted {
    const out = this.#out;
    const id = out.ids.of(root, row.id);
    const found = out.known(id);
    if (found !== undefined) return found;
    checkLazyDepth(out.depth);
    for (const expr of postOrder(root, (e) =>
      out.known(out.ids.of(e, row.id)) === undefined ? strictChildren(e) : [],
    )) {
      const own = out.ids.of(expr, row.id);
      if (out.known(own) === undefined) out.remember(own, this.#settle(this.#emitNode(expr, row)));
    }
    return out.known(id)!;
  }

  /** Emits a jump to the end of block `label` unless the condition is true. */
  emitFilter(condition: Expr, row: RowScope, label: Code): void {
    const conjuncts = condition.kind === "Call" && condition.fn === "and" ? operandsOf(condition, "and") : [condition];
    for (const conjunct of conjuncts) {
      const value = this.emit(conjunct, row);
      const pass = both(negated(value.isNull), singleValue(value));
      if (pass !== js.true) this.#out.line(js`if (${negated(pass)}) break ${label};`);
    }
  }

  #emitNode(expr: Expr, row: RowScope): Emitted {
    const out = this.#out;
    const child = (e: Expr): Emitted => out.known(out.ids.of(e, row.id))!;
    switch (expr.kind) {
      case "Literal":
        return this.#emitLiteral(expr);
      case "BoundReference":
        return row.column(expr.ordinal);
      case "Alias":
        return child(expr.child);
      case "Cast":
        return this.#emitCast(expr, child(expr.child));
      case "GetStructField": {
        const struct = child(expr.child);
        assertInvariant(struct.shape === "struct", "a field is taken of a struct");
        const field = struct.fields[expr.ordinal]!;
        return { ...field, isNull: this.#anyNull([struct.isNull, field.isNull]) };
      }
      case "UserFunctionCall":
        return this.#emitUserFunction(expr, expr.args.map(child));
      case "Call":
        return this.#emitCall(expr, row, child);
      case "LambdaFunction":
        return this.#emitLambda(expr, row);
      default:
        throw new MillraceError("INTERNAL_ERROR", {
          message: `an expression that is not bound (${expr.kind}) is compiled`,
        });
    }
  }

  #emitLiteral(literal: Literal): Emitted {
    return emitConstant(this.#out, literal.value, literal.type);
  }

  #emitCast(expr: Cast, child: Emitted): Emitted {
    const from = typeOf(expr.child);
    const mode = expr.mode ?? "ansi";
    return this.#whenPresent([child], expr.type, () =>
      emitCast(child, from, expr.type, mode, this.#out, this.#out.context),
    );
  }

  #emitUserFunction(expr: UserFunctionCall, args: readonly Emitted[]): Emitted {
    const out = this.#out;
    const call = bindUserFunction(expr, this.#values);
    const boxed = args.map((arg, i) => out.box(arg, typeOf(expr.args[i]!)));
    return out.unbox(js`${out.bind(call)}(${joinCode(boxed, ", ")})`, expr.type);
  }

  #emitCall(call: Call, row: RowScope, child: (e: Expr) => Emitted): Emitted {
    const out = this.#out;
    if (call.fn === "and" || call.fn === "or") return this.#emitConnective(operandsOf(call, call.fn), call.fn, row);
    const fn = scalarFunction(call.fn);
    const emitter = fn.emit;
    const options = {
      ansi: call.ansi,
      timeZone: out.context.timeZone,
      args: argumentInfos(call.args, out.context),
      context: withAnsi(out.context, call.ansi),
    };
    if (emitter?.lazy === true) {
      return emitter.emit(
        call.args.map((arg) => () => this.emit(arg, row)),
        out,
        signatureOf(call),
        options,
      );
    }
    const args = call.args.map(child);
    if (emitter === undefined) {
      const boxed = args.map((arg, i) => boxedArgument(arg, call.args[i]!, out));
      return out.unbox(js`${out.bind(bindCall(call, out.context))}(${joinCode(boxed, ", ")})`, call.type);
    }
    if (fn.nulls === "custom") return emitter.emit(args, out, signatureOf(call), options);
    return this.#whenPresent(args, call.type, () => emitter.emit(args, out, signatureOf(call), options));
  }

  /** A lambda as a function inside of the row's body, so that it reads the row's variables. */
  #emitLambda({ body, parameters }: LambdaFunction, row: RowScope): Emitted {
    const out = this.#out;
    const names = parameters.map(() => out.fresh("t"));
    const lambda = out.fresh("l");
    const code = out.block(() => {
      parameters.forEach(({ id, name, type }, i) => {
        const variable: Expr = { kind: "LambdaVariable", id: id!, name, type: type!, nullable: true };
        out.remember(out.ids.of(variable, row.id), this.#settle(out.unbox(names[i]!, type!)));
      });
      const result = this.emit(body, row);
      out.line(js`return ${out.box(result, typeOf(body))};`);
    });
    out.line(js`const ${lambda} = (${joinCode(names, ", ")}) => {\n${code}\n};`);
    return { shape: "boxed", isNull: js.false, value: lambda };
  }

  /** The value of `emit`, computed only when no argument is NULL. */
  #whenPresent(args: readonly Emitted[], type: DataType, emit: () => Emitted): Emitted {
    const out = this.#out;
    const isNull = this.#anyNull(args.map((arg) => arg.isNull));
    if (isNull === js.false) return emit();
    if (isNull === js.true) return emitConstant(out, null, type);
    const result = out.declare(type);
    out.branch(negated(isNull), () => out.assign(result, emit()));
    return result;
  }

  /**
   * `a AND b AND …` as a flat sequence: an operand is evaluated unless an earlier one decided. NULL does not decide:
   * AND is false if any operand is, else NULL if any is. OR mirrors it.
   */
  #emitConnective(operands: readonly Expr[], connective: "and" | "or", row: RowScope): Emitted {
    const out = this.#out;
    const neutral = connective === "and" ? js.true : js.false;
    const decided = connective === "and" ? js.false : js.true;
    const value = out.fresh("v");
    const unknown = out.fresh("n");
    out.line(js`let ${value} = ${neutral}, ${unknown} = false;`);
    const undecided = connective === "and" ? value : negated(value);
    operands.forEach((operand, i) => {
      const step = (): void => {
        const part = this.emit(operand, row);
        const decides = connective === "and" ? negated(singleValue(part)) : singleValue(part);
        if (part.isNull === js.false) out.line(js`if (${decides}) ${value} = ${decided};`);
        else if (part.isNull === js.true) out.line(js`${unknown} = true;`);
        else out.line(js`if (${part.isNull}) ${unknown} = true; else if (${decides}) ${value} = ${decided};`);
      };
      if (i === 0) step();
      else out.branch(undecided, step);
    });
    return { shape: "fixed", isNull: this.#named(both(undecided, unknown)), value };
  }

  #anyNull(nulls: readonly Code[]): Code {
    let result: Code = js.false;
    for (const isNull of nulls) result = either(result, isNull);
    return this.#named(result);
  }

  /** Every fragment as a name or constant, so that uses of it stay short. */
  #settle(value: Emitted): Emitted {
    const isNull = this.#named(value.isNull);
    switch (value.shape) {
      case "boxed":
        if (value.exact !== undefined) {
          return exactDecimal(this.#out, isNull, { ...value.exact, number: this.#named(value.exact.number) });
        }
        return { shape: "boxed", isNull, value: this.#named(value.value) };
      case "fixed":
        return { shape: "fixed", isNull, value: this.#named(value.value) };
      case "bytes":
        return {
          shape: "bytes",
          isNull,
          bytes: this.#named(value.bytes),
          start: this.#named(value.start),
          end: this.#named(value.end),
        };
      case "struct":
        return { shape: "struct", isNull, fields: value.fields.map((f) => this.#settle(f)) };
    }
  }

  #named(code: Code): Code {
    if (/^[\w.-]+$/.test(code.__code) || /^\(-[\d.e]+n?\)$/.test(code.__code)) return code;
    const name = this.#out.fresh("t");
    this.#out.line(js`const ${name} = ${code};`);
    return name;
  }
}

/** An argument for a bound closure; a lambda is passed as the function that it is. */
function boxedArgument(value: Emitted, expr: Expr, out: FunctionEmitter): Code {
  return expr.kind === "LambdaFunction" ? singleValue(value) : out.box(value, typeOf(expr));
}

function singleValue(value: Emitted): Code {
  assertInvariant(value.shape === "fixed" || value.shape === "boxed", "a value of one expression is expected");
  return value.value;
}

/** A constant of any type; 64-bit integers and numbers stand in the source, everything else is bound. */
export function emitConstant(out: FunctionEmitter, value: SqlValue, type: DataType): Emitted {
  const isNull = value === null ? js.true : js.false;
  switch (shapeOf(type)) {
    case "fixed":
      if (value === null) return { shape: "fixed", isNull, value: defaultCode(type) };
      if (typeof value === "boolean") return { shape: "fixed", isNull, value: value ? js.true : js.false };
      return { shape: "fixed", isNull, value: number(value as number | bigint) };
    case "boxed": {
      if (type.kind !== "decimal") return { shape: "boxed", isNull, value: value === null ? js.null : out.bind(value) };
      const unscaled = (value ?? 0n) as bigint;
      const near = Number(unscaled);
      if (Math.abs(near) >= exactLimit) return { shape: "boxed", isNull, value: number(unscaled) };
      const exact = { number: number(near), bound: Math.abs(near) };
      return { shape: "boxed", isNull, value: number(unscaled), exact };
    }
    case "bytes": {
      const bytes =
        typeof value === "string" ? encodeUtf8(value) : value === null ? new Uint8Array(0) : (value as Uint8Array);
      return { shape: "bytes", isNull, bytes: out.bind(bytes), start: number(0), end: number(bytes.length) };
    }
    case "struct": {
      assertInvariant(type.kind === "struct", "struct shape");
      const values = value as readonly SqlValue[] | null;
      return {
        shape: "struct",
        isNull,
        fields: type.fields.map((f, i) => emitConstant(out, values === null ? null : values[i]!, f.type)),
      };
    }
  }
}
