/**
 * The interpreter: the twin of generated code with the same meaning, for sessions without `new Function`, for rows that
 * do not pay a compilation, and as the oracle of the property tests.
 *
 * An expression becomes a list of instructions over numbered slots, arguments before calls, so that long chains of
 * operators do not recurse. Arguments that may not be evaluated (AND, OR, CASE, IF, COALESCE) are lists of their own; only
 * they nest, at most {@link maximumLazyDepth} levels.
 */
import type { RecordBatch } from "../columnar/record-batch.ts";
import { valueReader } from "../columnar/value-at.ts";
import { assertInvariant, MillraceError } from "../errors/index.ts";
import type { AttributeId, Call, Expr, LambdaFunction } from "../expressions/expression.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { typeOf } from "../expressions/typing.ts";
import { bindCast } from "../functions/casts.ts";
import { type EvalContext, lambdaValue } from "../functions/function.ts";
import type { SqlValue } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import { bindCall, checkLazyDepth, evaluationOf, lazyOperands } from "./bind-call.ts";
import { postOrder } from "./expression-ids.ts";
import { bindUserFunction } from "./user-function.ts";

interface Frame {
  readonly slots: SqlValue[];
  /** Reads a column of the current batch, by ordinal. */
  readonly readers: ((i: number) => SqlValue)[];
  batch: RecordBatch | undefined;
  row: number;
}
type Instruction = (frame: Frame) => void;
type Program = (frame: Frame) => SqlValue;

/** The expression, bound to the columns of a batch, as a function of batch and row. */
export function bindInterpreter(
  expr: Expr,
  context: EvalContext,
  options: ValueOptions = {},
): (batch: RecordBatch, i: number) => SqlValue {
  const frame: Frame = { slots: [], readers: [], batch: undefined, row: 0 };
  const program = new Compiler(context, options, frame).compile(expr, 0);
  return (batch, i) => {
    if (frame.batch !== batch) {
      frame.batch = batch;
      frame.readers.length = 0;
      for (const column of batch.columns) frame.readers.push(valueReader(column));
    }
    frame.row = i;
    return program(frame);
  };
}

/** Arguments that are evaluated in any case. */
function strictChildren(expr: Expr): readonly Expr[] {
  if (expr.kind === "LambdaFunction") return [];
  return expr.kind === "Call" && evaluationOf(expr) !== "strict" ? lazyOperands(expr).slice(0, 1) : childrenOf(expr);
}

class Compiler {
  readonly #context: EvalContext;
  readonly #options: ValueOptions;
  readonly #frame: Frame;
  /** Slots of the parameters of the lambdas that are being compiled. */
  readonly #variables = new Map<AttributeId, number>();
  constructor(context: EvalContext, options: ValueOptions, frame: Frame) {
    this.#context = context;
    this.#options = options;
    this.#frame = frame;
  }

  compile(root: Expr, depth: number): Program {
    checkLazyDepth(depth);
    const slotOf = new Map<Expr, number>();
    const instructions: Instruction[] = [];
    for (const expr of postOrder(root, strictChildren)) {
      const slot = this.#frame.slots.push(null) - 1;
      slotOf.set(expr, slot);
      instructions.push(this.#instruction(expr, slot, (child) => slotOf.get(child)!, depth));
    }
    const result = slotOf.get(root)!;
    if (instructions.length === 1) {
      const [only] = instructions as [Instruction];
      return (frame) => {
        only(frame);
        return frame.slots[result]!;
      };
    }
    return (frame) => {
      for (let k = 0; k < instructions.length; k++) instructions[k]!(frame);
      return frame.slots[result]!;
    };
  }

  #instruction(expr: Expr, to: number, slotOf: (child: Expr) => number, depth: number): Instruction {
    switch (expr.kind) {
      case "Literal": {
        const value = expr.value;
        return (frame) => void (frame.slots[to] = value);
      }
      case "BoundReference": {
        const ordinal = expr.ordinal;
        return (frame) => void (frame.slots[to] = frame.readers[ordinal]!(frame.row));
      }
      case "Alias": {
        const from = slotOf(expr.child);
        return ({ slots }) => void (slots[to] = slots[from]!);
      }
      case "Cast": {
        const from = slotOf(expr.child);
        const cast = bindCast(typeOf(expr.child), expr.type, expr.mode ?? "ansi", this.#context.timeZone);
        return ({ slots }) => {
          const value = slots[from]!;
          slots[to] = value === null ? null : cast(value);
        };
      }
      case "GetStructField": {
        const from = slotOf(expr.child);
        const ordinal = expr.ordinal;
        return ({ slots }) => {
          const struct = slots[from] as readonly SqlValue[] | null;
          slots[to] = struct === null ? null : struct[ordinal]!;
        };
      }
      case "UserFunctionCall": {
        const call = bindUserFunction(expr, this.#options);
        const from = expr.args.map(slotOf);
        return ({ slots }) => void (slots[to] = call(...from.map((slot) => slots[slot]!)));
      }
      case "Call":
        return this.#call(expr, to, slotOf, depth);
      case "LambdaFunction": {
        const lambda = this.#lambda(expr, depth);
        return ({ slots }) => void (slots[to] = lambda);
      }
      case "LambdaVariable": {
        const from = this.#variables.get(expr.id);
        assertInvariant(from !== undefined, "a lambda's variable stands inside the lambda");
        return ({ slots }) => void (slots[to] = slots[from]!);
      }
      default:
        throw new MillraceError("INTERNAL_ERROR", {
          message: `an expression that is not bound (${expr.kind}) is evaluated`,
        });
    }
  }

  /** The lambda as a closure over the frame: it puts its arguments into slots and runs the body. */
  #lambda({ body, parameters }: LambdaFunction, depth: number): SqlValue {
    const frame = this.#frame;
    const at = parameters.map(({ id }) => {
      const slot = frame.slots.push(null) - 1;
      this.#variables.set(id!, slot);
      return slot;
    });
    const program = this.compile(body, depth + 1);
    const [a, b] = at as [number, number];
    switch (at.length) {
      case 1:
        return lambdaValue((x) => {
          frame.slots[a] = x!;
          return program(frame);
        });
      case 2:
        return lambdaValue((x, y) => {
          frame.slots[a] = x!;
          frame.slots[b] = y!;
          return program(frame);
        });
      default:
        return lambdaValue((...values) => {
          for (let k = 0; k < at.length; k++) frame.slots[at[k]!] = values[k]!;
          return program(frame);
        });
    }
  }

  #call(call: Call, to: number, slotOf: (child: Expr) => number, depth: number): Instruction {
    const evaluation = evaluationOf(call);
    if (evaluation !== "strict") {
      const [first, ...others] = lazyOperands(call);
      const from = slotOf(first!);
      const evaluated: Program = ({ slots }) => slots[from]!;
      const program = lazyForms[evaluation]([evaluated, ...others.map((arg) => this.compile(arg, depth + 1))]);
      return (frame) => void (frame.slots[to] = program(frame));
    }
    const fn = bindCall(call, this.#context);
    const from = call.args.map(slotOf);
    const [a, b, c] = from as [number, number, number];
    switch (from.length) {
      case 0:
        return ({ slots }) => void (slots[to] = fn());
      case 1:
        return ({ slots }) => void (slots[to] = fn(slots[a]!));
      case 2:
        return ({ slots }) => void (slots[to] = fn(slots[a]!, slots[b]!));
      case 3:
        return ({ slots }) => void (slots[to] = fn(slots[a]!, slots[b]!, slots[c]!));
      default:
        return ({ slots }) => void (slots[to] = fn(...from.map((slot) => slots[slot]!)));
    }
  }
}

/** The forms that do not evaluate all their arguments. */
const lazyForms: Record<Exclude<ReturnType<typeof evaluationOf>, "strict">, (args: readonly Program[]) => Program> = {
  and: (operands) => (frame) => {
    let result: boolean | null = true;
    for (const operand of operands) {
      const value = operand(frame);
      if (value === false) return false;
      if (value === null) result = null;
    }
    return result;
  },
  or: (operands) => (frame) => {
    let result: boolean | null = false;
    for (const operand of operands) {
      const value = operand(frame);
      if (value === true) return true;
      if (value === null) result = null;
    }
    return result;
  },
  if: (args) => {
    assertInvariant(args.length === 3, "if takes three arguments");
    const [condition, yes, no] = args as [Program, Program, Program];
    return (frame) => (condition(frame) === true ? yes(frame) : no(frame));
  },
  /** Conditions and values in turn, and at the end perhaps the value of ELSE. */
  when: (args) => (frame) => {
    let i = 0;
    for (; i + 1 < args.length; i += 2) if (args[i]!(frame) === true) return args[i + 1]!(frame);
    return i < args.length ? args[i]!(frame) : null;
  },
  coalesce: (args) => (frame) => {
    for (const arg of args) {
      const value = arg(frame);
      if (value !== null) return value;
    }
    return null;
  },
};
