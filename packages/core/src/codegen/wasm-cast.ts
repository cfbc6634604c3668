/** Casts between numbers in WebAssembly. What does not fit leaves the loop, whatever the cast makes of it. */
import type { CastMode } from "../functions/cast-values.ts";
import { type DataType, isIntegral, sameTypeIgnoringNullability } from "../types/data-type.ts";
import { rescaledUp, withinDecimal } from "./wasm-arithmetic.ts";
import type { NumericContext, Operand } from "./wasm-context.ts";
import { machineOf } from "./wasm-context.ts";
import { f64Const, op } from "./wasm-encoder.ts";

const bits: Partial<Record<DataType["kind"], number>> = { tinyint: 8, smallint: 16, int: 32, bigint: 64 };
const isFloating = (type: DataType): boolean => type.kind === "float" || type.kind === "double";

/** 10^k is a double up to here. */
const maximumPower = 22;

export function canCastNumber(from: DataType, to: DataType): boolean {
  if (machineOf(from) === undefined || machineOf(to) === undefined) return false;
  if (sameTypeIgnoringNullability(from, to)) return true;
  if (from.kind === "decimal") {
    if (to.kind === "decimal") return to.scale >= from.scale && to.scale - from.scale <= maximumPower;
    return to.kind === "double" && from.scale <= maximumPower;
  }
  if (isIntegral(from)) return isIntegral(to) || isFloating(to) || (to.kind === "decimal" && to.scale <= maximumPower);
  return isFloating(from) && (isFloating(to) || to.kind === "int" || to.kind === "bigint");
}

/** The value, which is not NULL, as type `to`. */
export function emitNumberCast(
  context: NumericContext,
  value: Operand,
  from: DataType,
  to: DataType,
  mode: CastMode,
): Operand {
  const { fn } = context;
  const own = { ...value, isNull: undefined };
  if (sameTypeIgnoringNullability(from, to)) return own;
  if (from.kind === "decimal") {
    if (to.kind === "decimal") return withinDecimal(context, rescaledUp(context, own, to.scale - from.scale), to);
    // Both are exact, so the quotient is the nearest double; adding 0 makes −0 the 0 that it is.
    fn.write(value.push, f64Const(10 ** from.scale), op.f64.div, f64Const(0), op.f64.add);
    return context.value("f64");
  }
  if (isIntegral(from)) {
    if (isIntegral(to)) return emitWidth(context, own, from, to, mode);
    if (to.kind === "decimal") {
      const bound = 2 ** (bits[from.kind]! - 1);
      fn.write(value.push, value.machine === "i64" ? op.f64.fromI64 : op.f64.fromI32);
      const exact = withinDecimal(context, { ...context.value("f64"), bound });
      return withinDecimal(context, rescaledUp(context, exact, to.scale), to);
    }
    fn.write(value.push, value.machine === "i64" ? op.f64.fromI64 : op.f64.fromI32);
    if (to.kind === "float") fn.write(op.f64.toF32, op.f64.fromF32);
    return context.value("f64");
  }
  if (isFloating(to)) {
    if (to.kind === "double") return own;
    fn.write(value.push, op.f64.toF32, op.f64.fromF32);
    return context.value("f64");
  }
  // Inside the range by a wide margin: its ends, and NaN, leave the loop.
  const end = f64Const(to.kind === "int" ? 2 ** 31 - 1 : 2 ** 62);
  fn.write(value.push, op.f64.abs, end, op.f64.lt, op.i32.eqz);
  context.leaveIf();
  fn.write(value.push, to.kind === "int" ? op.i32.truncateF64 : op.i64.truncateF64);
  return context.value(to.kind === "int" ? "i32" : "i64");
}

/** Whole numbers in another width. */
function emitWidth(context: NumericContext, value: Operand, from: DataType, to: DataType, mode: CastMode): Operand {
  const { fn } = context;
  const [width, target] = [bits[from.kind]!, bits[to.kind]!];
  if (target === 64) {
    fn.write(value.push, op.i64.fromI32);
    return context.value("i64");
  }
  if (target >= width) return value;
  fn.write(value.push);
  if (width === 64) fn.write(op.i32.fromI64);
  if (target === 8) fn.write(op.i32.extend8);
  if (target === 16) fn.write(op.i32.extend16);
  const narrow = context.value("i32");
  if (mode !== "legacy") {
    if (width === 64) fn.write(narrow.push, op.i64.fromI32, value.push, op.i64.ne);
    else fn.write(narrow.push, value.push, op.i32.ne);
    context.leaveIf();
  }
  return narrow;
}
