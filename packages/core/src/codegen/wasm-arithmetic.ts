/** Arithmetic in WebAssembly. What overflows, divides by zero or is not exact leaves the loop. */
import type { Call } from "../expressions/expression.ts";
import { typeOf } from "../expressions/typing.ts";
import { alwaysExact, exactBound, exactLimit } from "../functions/exact-decimal.ts";
import { type DataType, type DecimalType, isIntegral, sameTypeIgnoringNullability } from "../types/data-type.ts";
import { machineOf, type NumericContext, type Operand } from "./wasm-context.ts";
import { f64Const, i32Const, i64Const, op } from "./wasm-encoder.ts";

/** 10^k is a double up to here. */
const maximumPower = 22;

/** Whether a call is arithmetic that {@link emitArithmetic} writes: of numbers in their common type. */
export function isArithmetic({ fn, type }: Call, args: readonly DataType[]): boolean {
  const isFloating = type.kind === "double" || type.kind === "float";
  if (type.kind === "decimal") return isDecimalArithmetic(fn, type, args);
  if (args.length !== 2 || !args.every((arg) => sameTypeIgnoringNullability(arg, type))) return false;
  switch (fn) {
    case "+":
    case "-":
    case "*":
      return isIntegral(type) || isFloating;
    case "/":
      return type.kind === "double";
    case "%":
    case "pmod":
      return isIntegral(type);
    case "div":
      return type.kind === "bigint";
    default:
      return false;
  }
}

function isDecimalArithmetic(fn: string, type: DecimalType, args: readonly DataType[]): boolean {
  const [a, b] = args;
  if (a?.kind !== "decimal" || b?.kind !== "decimal") return false;
  if (fn === "*") return a.scale + b.scale === type.scale;
  const scale = Math.max(a.scale, b.scale);
  return (fn === "+" || fn === "-") && scale === type.scale && scale - Math.min(a.scale, b.scale) <= maximumPower;
}

/** The result for arguments that are not NULL. */
export function emitArithmetic(context: NumericContext, call: Call, a: Operand, b: Operand): Operand {
  const { fn } = context;
  const { type } = call;
  switch (call.fn) {
    case "+":
    case "-":
    case "*":
      if (type.kind === "decimal") return emitDecimal(context, call, type, a, b);
      if (type.kind === "bigint") return emitLong(context, call.fn, call.ansi, a, b);
      if (isIntegral(type)) return emitInteger(context, call.fn, type, call.ansi, a, b);
      fn.write(a.push, b.push, op.f64[operations[call.fn]]);
      if (type.kind === "float") fn.write(op.f64.toF32, op.f64.fromF32);
      return context.value("f64");
    case "/":
      leaveAtZero(context, b);
      fn.write(a.push, b.push, op.f64.div);
      return context.value("f64");
    default:
      return emitWhole(context, call, a, b);
  }
}

const operations = { "+": "add", "-": "sub", "*": "mul" } as const;
type Symbol = keyof typeof operations;

/** TINYINT, SMALLINT and INT. */
function emitInteger(
  context: NumericContext,
  symbol: Symbol,
  type: DataType,
  ansi: boolean,
  a: Operand,
  b: Operand,
): Operand {
  const { fn } = context;
  const operation = operations[symbol];
  fn.write(a.push, b.push, op.i32[operation]);
  const exact = context.settled("i32");
  if (type.kind !== "int") {
    fn.write(exact, type.kind === "tinyint" ? op.i32.extend8 : op.i32.extend16);
    const value = context.value("i32");
    if (ansi) {
      fn.write(value.push, exact, op.i32.ne);
      context.leaveIf();
    }
    return value;
  }
  if (ansi) {
    fn.write(a.push, op.i64.fromI32, b.push, op.i64.fromI32, op.i64[operation], exact, op.i64.fromI32, op.i64.ne);
    context.leaveIf();
  }
  return { machine: "i32", push: exact, isNull: undefined };
}

function emitLong(context: NumericContext, symbol: Symbol, ansi: boolean, a: Operand, b: Operand): Operand {
  const { fn } = context;
  if (ansi && symbol === "*") leaveAtLargeProduct(context, a, b);
  fn.write(a.push, b.push, op.i64[operations[symbol]]);
  const value = context.value("i64");
  if (ansi && symbol !== "*") {
    pushOverflow(context, symbol, a, b, value);
    context.leaveIf();
  }
  return value;
}

/** Puts 1 on the stack when a sum or difference has left 64 bits: both operands (of a sum) differ from it in sign. */
export function pushOverflow(
  context: NumericContext,
  symbol: "+" | "-",
  a: Operand,
  b: Operand,
  result: Operand,
): void {
  const { fn } = context;
  fn.write(a.push, result.push, op.i64.xor);
  fn.write(symbol === "+" ? b.push : a.push, symbol === "+" ? result.push : b.push, op.i64.xor);
  fn.write(op.i64.and, i64Const(0n), op.i64.lt);
}

/** Products below 2^62 are computed here. */
function leaveAtLargeProduct(context: NumericContext, a: Operand, b: Operand): void {
  const { fn } = context;
  const [factor, other] = typeof a.constant === "bigint" ? [a.constant, b] : [b.constant, a];
  if (typeof factor === "bigint") {
    if (factor === 0n || factor === 1n) return;
    const most = 2n ** 62n / (factor < 0n ? -factor : factor);
    fn.write(other.push, i64Const(most), op.i64.add, i64Const(2n * most), op.i64.leUnsigned, op.i32.eqz);
  } else {
    fn.write(
      a.push,
      op.f64.fromI64,
      b.push,
      op.f64.fromI64,
      op.f64.mul,
      op.f64.abs,
      f64Const(2 ** 62),
      op.f64.lt,
      op.i32.eqz,
    );
  }
  context.leaveIf();
}

function leaveAtZero(context: NumericContext, { machine, push, constant }: Operand): void {
  if (constant !== undefined && Number(constant) !== 0) return;
  const { fn } = context;
  if (machine === "f64") fn.write(push, f64Const(0), op.f64.eq);
  else fn.write(push, op[machine].eqz);
  context.leaveIf();
}

/** Whole quotients and remainders. */
function emitWhole(context: NumericContext, call: Call, a: Operand, b: Operand): Operand {
  const { fn } = context;
  const machine = machineOf(call.type) as "i32" | "i64";
  leaveAtZero(context, b);
  if (call.fn === "div") {
    // The least BIGINT divided by −1 is no BIGINT.
    if (b.constant === undefined || BigInt(b.constant) === -1n) {
      fn.write(b.push, i64Const(-1n), op.i64.eq);
      context.leaveIf();
    }
    fn.write(a.push, b.push, op.i64.div);
    return context.value("i64");
  }
  fn.write(a.push, b.push, op[machine].rem);
  const remainder = context.value(machine);
  if (call.fn === "%") return remainder;
  // (r + b) % b where r is negative: r + b leaves the range only when both are negative, and JavaScript has more bits.
  const zero = machine === "i64" ? i64Const(0n) : i32Const(0);
  fn.write(remainder.push, zero, op[machine].lt, b.push, zero, op[machine].lt, op.i32.and);
  context.leaveIf();
  fn.write(remainder.push, b.push, op[machine].add, remainder.push, remainder.push, zero, op[machine].lt, op.select);
  return context.value(machine);
}

export function emitSign(context: NumericContext, call: Call, a: Operand): Operand {
  const { fn } = context;
  if (a.machine === "f64") {
    fn.write(a.push, call.fn === "abs" ? op.f64.abs : op.f64.neg);
    return context.value("f64");
  }
  const least = { tinyint: -(2 ** 7), smallint: -(2 ** 15), int: -(2 ** 31) }[call.type.kind as "int"] ?? 0;
  const zero = a.machine === "i64" ? i64Const(0n) : i32Const(0);
  fn.write(a.push, a.machine === "i64" ? i64Const(-(2n ** 63n)) : i32Const(least), op[a.machine].eq);
  context.leaveIf();
  fn.write(zero, a.push, op[a.machine].sub);
  if (call.fn === "abs") fn.write(a.push, a.push, zero, op[a.machine].lt, op.select);
  return context.value(a.machine);
}

/** Decimals as doubles that hold the digits exactly; see functions/exact-decimal.ts. */
function emitDecimal(context: NumericContext, call: Call, to: DecimalType, a: Operand, b: Operand): Operand {
  const { fn } = context;
  const symbol = call.fn as Symbol;
  const [left, right] = call.args.map(typeOf) as [DecimalType, DecimalType];
  const [x, y] =
    symbol === "*"
      ? [a, b]
      : [rescaledUp(context, a, to.scale - left.scale), rescaledUp(context, b, to.scale - right.scale)];
  fn.write(x.push, y.push, op.f64[operations[symbol]]);
  const bound = symbol === "*" ? x.bound! * y.bound! : x.bound! + y.bound!;
  return withinDecimal(context, { ...context.value("f64"), bound }, to);
}

/** The decimal with `digits` more zeros at its end. */
export function rescaledUp(context: NumericContext, value: Operand, digits: number): Operand {
  if (digits === 0) return value;
  const { fn } = context;
  const factor = 10 ** digits;
  fn.write(value.push, f64Const(factor), op.f64.mul);
  return withinDecimal(context, { ...context.value("f64"), bound: value.bound! * factor });
}

/** A value that is a whole number below 2^53, and of the type `to`; rows with others leave the loop. */
export function withinDecimal(context: NumericContext, value: Operand, to?: DecimalType): Operand {
  const limit = to === undefined ? exactLimit : exactBound(to) + (alwaysExact(to) ? 1 : 0);
  if (value.bound! < limit) return value;
  const { fn } = context;
  // NaN fails it too.
  fn.write(value.push, op.f64.abs, f64Const(limit), op.f64.lt, op.i32.eqz);
  context.leaveIf();
  return { ...value, bound: limit - 1 };
}
