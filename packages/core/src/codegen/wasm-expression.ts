/** Expressions over numbers, dates and times to WebAssembly. What is not here runs in generated JavaScript. */
import { MillraceError } from "../errors/index.ts";
import type { Call, Cast, Expr } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { childrenOf } from "../expressions/traverse.ts";
import { exactLimit } from "../functions/exact-decimal.ts";
import { booleanType, type DataType, sameTypeIgnoringNullability } from "../types/data-type.ts";
import { evaluationOf, lazyOperands, operandsOf } from "./bind-call.ts";
import { postOrder } from "./expression-ids.ts";
import { emitArithmetic, emitSign, isArithmetic } from "./wasm-arithmetic.ts";
import { canCastNumber, emitNumberCast } from "./wasm-cast.ts";
import { constantOf, machineOf, type NumericContext, type NumericScope, type Operand } from "./wasm-context.ts";
import { type Bytes, getLocal, i32Const, type Machine, op } from "./wasm-encoder.ts";

/** Longer expressions are left to JavaScript: a function has room for so many variables only. */
const maximumNodes = 1000;
/** Conditionals nest blocks. */
const maximumDepth = 40;

const relations = { "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" } as const;
type Relation = keyof typeof relations;
const isRelation = (fn: string): fn is Relation => Object.hasOwn(relations, fn);

const forms: ReadonlySet<string> = new Set([
  "and",
  "or",
  "not",
  "if",
  "when",
  "coalesce",
  "nvl",
  "isnull",
  "isnotnull",
  "<=>",
  "in",
  "between",
  "negative",
  "positive",
  "abs",
]);

/** Whether all of an expression can be computed here. */
export function isNumericExpression(root: Expr): boolean {
  const nodes = postOrder(root);
  return nodes.length <= maximumNodes && nodes.every(isNumericNode) && conditionDepth(nodes) <= maximumDepth;
}

function isNumericNode(expr: Expr): boolean {
  switch (expr.kind) {
    case "Literal": {
      const { value, type } = expr;
      if (machineOf(type) === undefined) return false;
      return type.kind !== "decimal" || value === null || Math.abs(Number(value)) < exactLimit;
    }
    case "BoundReference":
      return machineOf(expr.type) !== undefined;
    case "Alias":
      return true;
    case "Cast":
      return canCastNumber(typeOf(expr.child), expr.type);
    case "Call":
      return machineOf(expr.type) !== undefined && isNumericCall(expr);
    default:
      return false;
  }
}

function isNumericCall(call: Call): boolean {
  const types = call.args.map(typeOf);
  if (isArithmetic(call, types)) return true;
  const [first] = types;
  if (first === undefined || types.some((type) => machineOf(type) === undefined)) return false;
  if (isRelation(call.fn)) return comparable(types);
  if (!forms.has(call.fn)) return false;
  switch (call.fn) {
    case "<=>":
    case "in":
    case "between":
      return comparable(types);
    case "if":
    case "when":
      return types.every((type, i) => comparable([type, isCondition(i, types.length) ? booleanType : call.type]));
    case "coalesce":
    case "nvl":
      return comparable([...types, call.type]);
    case "negative":
    case "abs":
      return sameTypeIgnoringNullability(first, call.type) && first.kind !== "decimal";
    default:
      return true;
  }
}

/** Values of one machine type and, if they are decimals, of one scale. */
function comparable(types: readonly DataType[]): boolean {
  const [first] = types as [DataType];
  return types.every(
    (type) => type.kind === first.kind && (type.kind !== "decimal" || type.scale === (first as typeof type).scale),
  );
}

function isCondition(argument: number, count: number): boolean {
  return argument % 2 === 0 && argument < count - 1;
}

/** How deep forms that evaluate lazily stand in each other, at most. */
function conditionDepth(nodes: readonly Expr[]): number {
  const depths = new Map<Expr, number>();
  let most = 0;
  for (const node of nodes) {
    const inside = Math.max(0, ...childrenOf(node).map((child) => depths.get(child) ?? 0));
    const depth = evaluationOf(node) === "strict" ? inside : inside + 1;
    depths.set(node, depth);
    most = Math.max(most, depth);
  }
  return most;
}

export class NumericExpressions {
  readonly #context: NumericContext;

  constructor(context: NumericContext) {
    this.#context = context;
  }

  /** Writes what computes `root`, unless it is known already. */
  emit(root: Expr, row: NumericScope): Operand {
    const context = this.#context;
    const found = context.known(root, row);
    if (found !== undefined) return found;
    const first = (expr: Expr): readonly Expr[] => {
      if (context.known(expr, row) !== undefined) return [];
      return evaluationOf(expr) === "strict" ? childrenOf(expr) : lazyOperands(expr as Call).slice(0, 1);
    };
    for (const expr of postOrder(root, first)) {
      if (context.known(expr, row) === undefined) context.remember(expr, row, this.#emitNode(expr, row));
    }
    return context.known(root, row)!;
  }

  /** 1 on the stack where the condition is true. */
  pushTrue(condition: Operand): void {
    const { fn } = this.#context;
    fn.write(condition.push);
    if (condition.isNull !== undefined) fn.write(condition.isNull, op.i32.eqz, op.i32.and);
  }

  #emitNode(expr: Expr, row: NumericScope): Operand {
    const child = (e: Expr): Operand => this.#context.known(e, row)!;
    switch (expr.kind) {
      case "Literal":
        return literal(expr.value as number | bigint | boolean | null, expr.type);
      case "BoundReference":
        return row.column(expr.ordinal);
      case "Alias":
        return child(expr.child);
      case "Cast":
        return this.#emitCast(expr, child(expr.child));
      case "Call":
        return this.#emitCall(expr, row, child);
      default:
        throw new MillraceError("INTERNAL_ERROR", { message: `no number is made of an expression (${expr.kind})` });
    }
  }

  #emitCast(cast: Cast, value: Operand): Operand {
    const from = typeOf(cast.child);
    return this.#strict([value], () => emitNumberCast(this.#context, value, from, cast.type, cast.mode ?? "ansi"));
  }

  #emitCall(call: Call, row: NumericScope, child: (expr: Expr) => Operand): Operand {
    const context = this.#context;
    const { fn } = context;
    switch (evaluationOf(call)) {
      case "and":
      case "or":
        return this.#connective(operandsOf(call, call.fn as "and" | "or"), call.fn === "and", row);
      case "if":
      case "when":
        return this.#choose(call, row);
      case "coalesce":
        return this.#coalesce(call, row);
      case "strict":
    }
    const args = call.args.map(child);
    const [a, b, c] = args as [Operand, Operand, Operand];
    const type = typeOf(call.args[0]!);
    if (isRelation(call.fn)) {
      const isNull = context.anyNull(args);
      this.#compare(call.fn, a, b, type);
      return context.value("i32", isNull);
    }
    switch (call.fn) {
      case "not":
        fn.write(a.push, op.i32.eqz);
        return context.value("i32", a.isNull);
      case "isnull":
        return a.isNull === undefined ? constantOf("i32", 0) : { machine: "i32", push: a.isNull, isNull: undefined };
      case "isnotnull":
        if (a.isNull === undefined) return constantOf("i32", 1);
        fn.write(a.isNull, op.i32.eqz);
        return context.value("i32");
      case "nvl":
        return this.#coalesce(call, row);
      case "positive":
        return a;
      case "<=>":
        return this.#nullSafeEqual(a, b, type);
      case "in":
        return this.#isIn(a, args.slice(1), type);
      case "between":
        return this.#between(a, b, c, type);
      case "negative":
      case "abs":
        return this.#strict(args, () => emitSign(context, call, a));
      default:
        return this.#strict(args, () => emitArithmetic(context, call, a, b));
    }
  }

  /** The value of `compute`, which runs only when no argument is NULL. */
  #strict(args: readonly Operand[], compute: () => Operand): Operand {
    const context = this.#context;
    const isNull = context.anyNull(args);
    if (isNull === undefined) return compute();
    let result: Operand | undefined;
    let local = -1;
    context.whenPresent(isNull, () => {
      result = compute();
      local = context.fn.local(result.machine);
      context.fn.write(result.push);
      context.fn.setLocal(local);
    });
    const { machine, bound } = result!;
    return { machine, push: getLocal(local), isNull, ...(bound === undefined ? {} : { bound }) };
  }

  /** Puts the truth of a relation of two values that are not NULL on the stack; NaN equals itself and is the greatest. */
  #compare(relation: Relation, a: Operand, b: Operand, type: DataType): void {
    const { fn } = this.#context;
    const { machine } = a;
    fn.write(a.push, b.push, op[machine][relations[relation]]);
    if (type.kind !== "float" && type.kind !== "double") return;
    const [aNaN, bNaN] = [a, b].map((side): Bytes =>
      side.constant === undefined || Number.isNaN(side.constant)
        ? [...side.push, ...side.push, op.f64.ne]
        : i32Const(0),
    ) as [Bytes, Bytes];
    // Beside a NaN the machine says false, and true for `!=`.
    switch (relation) {
      case "=":
        fn.write(aNaN, bNaN, op.i32.and, op.i32.or);
        return;
      case "!=":
        fn.write(aNaN, bNaN, op.i32.and, op.i32.eqz, op.i32.and);
        return;
      case "<":
        fn.write(bNaN, aNaN, op.i32.eqz, op.i32.and, op.i32.or);
        return;
      case "<=":
        fn.write(bNaN, op.i32.or);
        return;
      case ">":
        fn.write(aNaN, bNaN, op.i32.eqz, op.i32.and, op.i32.or);
        return;
      case ">=":
        fn.write(aNaN, op.i32.or);
        return;
    }
  }

  #nullSafeEqual(a: Operand, b: Operand, type: DataType): Operand {
    const context = this.#context;
    const { fn } = context;
    this.#compare("=", a, b, type);
    if (a.isNull === undefined && b.isNull === undefined) return context.value("i32");
    const equal = context.settled("i32");
    const [x, y] = [a.isNull ?? i32Const(0), b.isNull ?? i32Const(0)];
    fn.write(x, y, op.i32.and, equal, x, y, op.i32.or, op.i32.eqz, op.i32.and, op.i32.or);
    return context.value("i32");
  }

  #isIn(value: Operand, items: readonly Operand[], type: DataType): Operand {
    const context = this.#context;
    const { fn } = context;
    fn.write(i32Const(0));
    for (const item of items) {
      this.#compare("=", value, item, type);
      if (item.isNull !== undefined) fn.write(item.isNull, op.i32.eqz, op.i32.and);
      fn.write(op.i32.or);
    }
    const hit = context.settled("i32");
    const anyNull = context.anyNull(items);
    if (anyNull === undefined) return { machine: "i32", push: hit, isNull: value.isNull };
    fn.write(hit, op.i32.eqz, anyNull, op.i32.and);
    if (value.isNull !== undefined) fn.write(value.isNull, op.i32.or);
    return { machine: "i32", push: hit, isNull: context.settled("i32") };
  }

  #between(value: Operand, low: Operand, high: Operand, type: DataType): Operand {
    const context = this.#context;
    const { fn } = context;
    // Inside unless one bound that is not NULL says otherwise.
    this.#compare(">=", value, low, type);
    if (low.isNull !== undefined) fn.write(low.isNull, op.i32.or);
    this.#compare("<=", value, high, type);
    if (high.isNull !== undefined) fn.write(high.isNull, op.i32.or);
    fn.write(op.i32.and);
    const inside = context.settled("i32");
    const open = context.anyNull([low, high]);
    if (open === undefined) return { machine: "i32", push: inside, isNull: value.isNull };
    fn.write(inside, open, op.i32.and);
    if (value.isNull !== undefined) fn.write(value.isNull, op.i32.or);
    return { machine: "i32", push: inside, isNull: context.settled("i32") };
  }

  /** AND is false if any operand is, else NULL if any is; OR mirrors it. An operand is evaluated unless an earlier one decided. */
  #connective(operands: readonly Expr[], isAnd: boolean, row: NumericScope): Operand {
    const context = this.#context;
    const { fn } = context;
    const [value, unknown] = [fn.local("i32"), fn.local("i32")];
    const set = (local: number, to: number): void => {
      fn.write(i32Const(to));
      fn.setLocal(local);
    };
    set(value, isAnd ? 1 : 0);
    set(unknown, 0);
    let nullable = false;
    const step = (operand: Expr): void => {
      const part = this.emit(operand, row);
      if (part.isNull === undefined) {
        fn.write(getLocal(value), part.push, isAnd ? op.i32.and : op.i32.or);
        fn.setLocal(value);
        return;
      }
      nullable = true;
      fn.write(getLocal(unknown), part.isNull, op.i32.or);
      fn.setLocal(unknown);
      fn.write(getLocal(value), part.push);
      if (isAnd) fn.write(part.isNull, op.i32.or, op.i32.and);
      else fn.write(part.isNull, op.i32.eqz, op.i32.and, op.i32.or);
      fn.setLocal(value);
    };
    operands.forEach((operand, i) => {
      if (i === 0) {
        step(operand);
        return;
      }
      fn.write(getLocal(value));
      if (!isAnd) fn.write(op.i32.eqz);
      context.branch(() => step(operand));
    });
    if (!nullable) return { machine: "i32", push: getLocal(value), isNull: undefined };
    fn.write(getLocal(unknown), getLocal(value));
    if (!isAnd) fn.write(op.i32.eqz);
    fn.write(op.i32.and);
    return { machine: "i32", push: getLocal(value), isNull: context.settled("i32") };
  }

  /** `if` and `when`: the value after the first condition that is true, else the last one or NULL. */
  #choose(call: Call, row: NumericScope): Operand {
    const context = this.#context;
    const target = this.#target(call.type);
    const from = (at: number): void => {
      const [condition, value] = [call.args[at], call.args[at + 1]];
      if (condition === undefined) target.assignNull();
      else if (value === undefined) target.assign(this.emit(condition, row));
      else {
        this.pushTrue(this.emit(condition, row));
        context.branch(
          () => target.assign(this.emit(value, row)),
          () => from(at + 2),
        );
      }
    };
    from(0);
    return target.result();
  }

  #coalesce(call: Call, row: NumericScope): Operand {
    const target = this.#target(call.type);
    const from = (at: number): void => {
      const expr = call.args[at];
      if (expr === undefined) {
        target.assignNull();
        return;
      }
      const value = this.emit(expr, row);
      if (value.isNull === undefined) {
        target.assign(value);
        return;
      }
      this.#context.fn.write(value.isNull);
      this.#context.branch(
        () => from(at + 1),
        () => target.assign(value),
      );
    };
    from(0);
    return target.result();
  }

  /** Variables for a value that is assigned in several places. */
  #target(type: DataType): Target {
    return new Target(this.#context, machineOf(type)!, type.kind === "decimal");
  }
}

/** A variable that is assigned in one of several blocks. */
class Target {
  readonly #context: NumericContext;
  readonly #machine: Machine;
  readonly #isDecimal: boolean;
  readonly #value: number;
  readonly #isNull: number;
  #nullable = false;
  #bound = 0;

  constructor(context: NumericContext, machine: Machine, isDecimal: boolean) {
    this.#context = context;
    this.#machine = machine;
    this.#isDecimal = isDecimal;
    this.#value = context.fn.local(machine);
    this.#isNull = context.fn.local("i32");
  }

  assign({ push, isNull, bound }: Operand): void {
    const { fn } = this.#context;
    fn.write(push);
    fn.setLocal(this.#value);
    fn.write(isNull ?? i32Const(0));
    fn.setLocal(this.#isNull);
    this.#nullable ||= isNull !== undefined;
    this.#bound = Math.max(this.#bound, bound ?? 0);
  }

  assignNull(): void {
    const { fn } = this.#context;
    fn.write(i32Const(1));
    fn.setLocal(this.#isNull);
    this.#nullable = true;
  }

  result(): Operand {
    return {
      machine: this.#machine,
      push: getLocal(this.#value),
      isNull: this.#nullable ? getLocal(this.#isNull) : undefined,
      ...(this.#isDecimal ? { bound: this.#bound } : {}),
    };
  }
}

function literal(value: number | bigint | boolean | null, type: DataType): Operand {
  const machine = machineOf(type)!;
  const constant = constantOf(machine, typeof value === "boolean" ? Number(value) : value);
  return type.kind === "decimal" ? { ...constant, bound: Math.abs(Number(value ?? 0)) } : constant;
}
