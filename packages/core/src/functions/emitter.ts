/**
 * The contract between a function's fast form and the code generator (`codegen/`).
 *
 * Generated code is built from {@link Code} only: fixed operator templates, slot numbers and checked finite numbers. No
 * text of the user's can become Code; constants arrive as bound values (`EmitContext.bind`).
 */
import type { DataType } from "../types/data-type.ts";
import type { ArgumentInfo, EvalContext, Signature } from "./function.ts";

/** A fragment of generated JavaScript. Made by the `js` tag, `number` and `identifier` of functions/code.ts only. */
export interface Code {
  readonly __code: string;
}

/**
 * A value in generated code, by the shape of its type:
 * fixed  boolean, integers, float/double as number or boolean; 64-bit types as bigint: one expression
 * bytes  string, binary: the bytes `bytes[start, end)`
 * struct one value per field, without an object
 * boxed  decimal (unscaled bigint), array (SqlValue[]), map (SqlMap), variant (SqlValue[]): one expression of the SqlValue form
 * A decimal may carry its unscaled value as a double too (`exact`); then `value` is an expression that makes the bigint.
 * `isNull` is a boolean expression, or the constants `js.false`/`js.true`. Values under a null are unspecified but safe
 * to read. All fragments are cheap to repeat (variables, constants).
 */
export type Emitted =
  | { readonly shape: "fixed"; readonly isNull: Code; readonly value: Code }
  | { readonly shape: "bytes"; readonly isNull: Code; readonly bytes: Code; readonly start: Code; readonly end: Code }
  | { readonly shape: "struct"; readonly isNull: Code; readonly fields: readonly Emitted[] }
  | { readonly shape: "boxed"; readonly isNull: Code; readonly value: Code; readonly exact?: ExactDecimal };

/** The unscaled value of a decimal as a double; see exact-decimal.ts. */
export interface ExactDecimal {
  /** A variable or constant: the value, or NaN where a double may not hold it. */
  readonly number: Code;
  /** The unscaled bigint, read only where `number` is NaN; absent when it never is. */
  readonly wide?: Code;
  /** No value that is exact has a greater magnitude. */
  readonly bound: number;
}

export type Shape = Emitted["shape"];

export function shapeOf(type: DataType): Shape {
  switch (type.kind) {
    case "string":
    case "binary":
      return "bytes";
    case "struct":
      return "struct";
    case "decimal":
    case "array":
    case "map":
    case "variant":
      return "boxed";
    default:
      return "fixed";
  }
}

export interface EmitContext {
  /** Makes a constant of the value (number, bigint, bytes, function, object): returns the code that refers to it. */
  bind(value: unknown): Code;
  /** A fresh local variable name. */
  fresh(prefix: "v" | "n" | "b" | "s" | "e" | "i" | "t"): Code;
  /** Appends statements to the row body being generated. */
  line(code: Code): void;
  /**
   * Runs `body` so that the statements it appends stand inside `if (condition) { … }` (else-branch optional): for
   * functions that must not evaluate an argument.
   */
  branch(condition: Code, body: () => void, otherwise?: () => void): void;
  /** Declares variables for a value of the type (outside any branch opened later) and returns them as an Emitted. */
  declare(type: DataType): Emitted;
  /** Assigns `value` to the variables of a declared Emitted. */
  assign(target: Emitted, value: Emitted): void;
  /** The value as one SqlValue expression: strings decoded, structs as arrays. Not for inner loops. */
  box(value: Emitted, type: DataType): Code;
  /** The reverse: makes the shape of `type` from an expression of SqlValue form (null allowed). */
  unbox(code: Code, type: DataType): Emitted;
}

/**
 * Emits a call. For `nulls: "propagate"` functions the generator has already wrapped the call so that no argument is
 * NULL (`isNull` of the arguments is to be ignored) and ORs the argument nulls into the result. For `custom` functions
 * `args` are thunks: calling one emits the argument's code at the current place, at most once.
 */
export type Emitter =
  | {
      readonly lazy?: false;
      emit(args: readonly Emitted[], ctx: EmitContext, signature: Signature, options: EmitOptions): Emitted;
    }
  | {
      readonly lazy: true;
      emit(args: readonly (() => Emitted)[], ctx: EmitContext, signature: Signature, options: EmitOptions): Emitted;
    };

/** What an emitter knows beyond the code of its arguments: the same facts that `bind` gets. */
export interface EmitOptions {
  readonly ansi: boolean;
  readonly timeZone: string;
  /** The arguments as resolved: literal ones carry their value, so that an emitter can specialise on a unit or pattern. */
  readonly args: readonly ArgumentInfo[];
  /** The context that `bind` gets, for emitters that fall back to a bound closure. */
  readonly context: EvalContext;
}
