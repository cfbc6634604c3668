import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
  type DataType,
  type DecimalType,
  doubleType,
  isIntegral,
  isNumeric,
  type SqlValue,
} from "../../types/data-type.ts";
import { fixedLocal, js, local, valueOf } from "../code.ts";
import { findOperandType, isInterval, readTexts } from "../coercion.ts";
import { bindTemporal, resolveTemporal } from "../datetime-arithmetic.ts";
import {
  decimalFor,
  decimalForLiteral,
  decimalResult,
  decimalText,
  divideHalfUp,
  powerOfTen,
  rescale,
} from "../decimal.ts";
import type { Code, EmitContext, Emitted, Emitter } from "../emitter.ts";
import type { ArgumentInfo, EvalContext, ScalarFunction, Signature } from "../function.ts";
import { emitExactOperation } from "../exact-decimal.ts";
import { divideByZero, overflow, remainderByZero, toDecimal } from "../kernels/checked.ts";
import { widthName, wrapCode, wrapNumber } from "../integer-width.ts";
import { type CallInfo, misfitOperands, unexpectedInput } from "../resolution.ts";

type Binary = (a: SqlValue, b: SqlValue) => SqlValue;
type Mode = "ansi" | "legacy" | "try";

const group = "Arithmetic";

/** The decimal that an operand counts as: an integer literal has just its digits. */
function operandDecimal(arg: ArgumentInfo): DecimalType | undefined {
  const value = arg.literal?.value;
  if (isIntegral(arg.type) && (typeof value === "number" || typeof value === "bigint")) return decimalForLiteral(value);
  return decimalFor(arg.type);
}

const numbersOrIntervals = 'NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH';

/** Numbers in their common type; decimals each in their own, with Spark's result precision. */
function resolveNumbers(
  args: readonly ArgumentInfo[],
  call: CallInfo,
  ofDecimals: (a: DecimalType, b: DecimalType) => DataType,
  integersAs?: DataType,
): Signature {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo];
  const fractional = (t: DataType): boolean => t.kind === "float" || t.kind === "double" || t.kind === "string";
  if (
    (left.type.kind === "decimal" || right.type.kind === "decimal") &&
    !fractional(left.type) &&
    !fractional(right.type)
  ) {
    const a = left.type.kind === "null" ? decimalFor(right.type) : operandDecimal(left);
    const b = right.type.kind === "null" ? decimalFor(left.type) : operandDecimal(right);
    // A NULL that is divided is DOUBLE.
    if (integersAs?.kind === "double" && left.type.kind === "null")
      return { args: [doubleType, doubleType], returns: doubleType };
    if (a !== undefined && b !== undefined) return { args: [a, b], returns: ofDecimals(a, b) };
  }
  const [a, b] = readTexts(left.type, right.type, "arithmetic", call.ansi);
  const bothNull = a.kind === "null" && b.kind === "null";
  let common = bothNull ? doubleType : findOperandType(a, b, call.ansi);
  if (common === undefined || !isNumeric(common)) throw misfitOperands(a, b, numbersOrIntervals, call);
  if (integersAs !== undefined && (isIntegral(common) || (common.kind === "float" && integersAs.kind === "double")))
    common = integersAs;
  return { args: [common, common], returns: common };
}

interface Operation {
  readonly symbol: "+" | "-" | "*";
  readonly tryName: string;
  readonly number: (a: number, b: number) => number;
  /** The 32-bit result, wrapped. */
  readonly int: (a: number, b: number) => number;
  readonly bigint: (a: bigint, b: bigint) => bigint;
  readonly code: (a: Code, b: Code) => Code;
  readonly intCode: (a: Code, b: Code) => Code;
  readonly decimalType: (a: DecimalType, b: DecimalType) => DecimalType;
  readonly decimal: (a: bigint, aScale: number, b: bigint, bScale: number) => readonly [value: bigint, scale: number];
}

const aligned =
  (combine: (a: bigint, b: bigint) => bigint): Operation["decimal"] =>
  (a, aScale, b, bScale) => {
    const scale = Math.max(aScale, bScale);
    return [combine(rescale(a, aScale, scale), rescale(b, bScale, scale)), scale];
  };

const plus: Operation = {
  symbol: "+",
  tryName: "try_add",
  number: (a, b) => a + b,
  int: (a, b) => (a + b) | 0,
  bigint: (a, b) => a + b,
  code: (a, b) => js`${a} + ${b}`,
  intCode: (a, b) => js`(${a} + ${b} | 0)`,
  decimalType: decimalResult.add,
  decimal: aligned((a, b) => a + b),
};
const minus: Operation = {
  symbol: "-",
  tryName: "try_subtract",
  number: (a, b) => a - b,
  int: (a, b) => (a - b) | 0,
  bigint: (a, b) => a - b,
  code: (a, b) => js`${a} - ${b}`,
  intCode: (a, b) => js`(${a} - ${b} | 0)`,
  decimalType: decimalResult.add,
  decimal: aligned((a, b) => a - b),
};
const times: Operation = {
  symbol: "*",
  tryName: "try_multiply",
  number: (a, b) => a * b,
  int: Math.imul,
  bigint: (a, b) => a * b,
  code: (a, b) => js`${a} * ${b}`,
  intCode: (a, b) => js`Math.imul(${a}, ${b})`,
  decimalType: decimalResult.multiply,
  decimal: (a, aScale, b, bScale) => [a * b, aScale + bScale],
};

/** @throws BINARY_ARITHMETIC_OVERFLOW, Spark's class for TINYINT and SMALLINT */
function smallOverflow(op: Operation, kind: DataType["kind"], a: number, b: number): never {
  const suffix = kind === "tinyint" ? "Y" : "S";
  throw new MillraceError("BINARY_ARITHMETIC_OVERFLOW", {
    value1: `${a}${suffix}`,
    symbol: op.symbol,
    value2: `${b}${suffix}`,
    alternative: `'${op.tryName}'`,
  });
}

function bindOperation(op: Operation, types: Signature, mode: Mode): Binary {
  const { returns } = types;
  const fail =
    mode === "ansi" ? (kind: DataType["kind"]) => overflow(`${widthName(kind)} overflow`, op.tryName) : () => null;
  switch (returns.kind) {
    case "tinyint":
    case "smallint": {
      const wrap = wrapNumber(returns.kind);
      return (a, b) => {
        const exact = op.number(a as number, b as number);
        const value = wrap(exact);
        if (value === exact || mode === "legacy") return value;
        return mode === "try" ? null : smallOverflow(op, returns.kind, a as number, b as number);
      };
    }
    case "int":
      return (a, b) => {
        const value = op.int(a as number, b as number);
        return mode === "legacy" || value === op.number(a as number, b as number) ? value : fail("int");
      };
    case "bigint":
      return (a, b) => {
        const exact = op.bigint(a as bigint, b as bigint);
        const value = BigInt.asIntN(64, exact);
        return value === exact || mode === "legacy" ? value : fail("bigint");
      };
    case "float":
      return (a, b) => Math.fround(op.number(a as number, b as number));
    case "decimal":
      return decimalForm(op.decimal, types, mode);
    default:
      return (a, b) => op.number(a as number, b as number);
  }
}

function decimalForm(form: Operation["decimal"], types: Signature, mode: Mode): Binary {
  const [left, right] = types.args as readonly [DecimalType, DecimalType];
  const result = types.returns as DecimalType;
  return (a, b) => {
    const [value, scale] = form(a as bigint, left.scale, b as bigint, right.scale);
    return toDecimal(value, scale, result, mode === "ansi" ? "throw" : "null", decimalText);
  };
}

function emitOperation(op: Operation): Emitter {
  return {
    emit([left, right], ctx, types, options) {
      const a = valueOf(left!);
      const b = valueOf(right!);
      const { kind } = types.returns;
      switch (kind) {
        case "tinyint":
        case "smallint":
        case "int": {
          const value = local(ctx, "v", kind === "int" ? op.intCode(a, b) : wrapCode(kind, js`(${op.code(a, b)})`));
          if (options.ansi) {
            const fail = ctx.bind((x: number, y: number) =>
              kind === "int" ? overflow(`${widthName(kind)} overflow`, op.tryName) : smallOverflow(op, kind, x, y),
            );
            ctx.line(js`if (${value} !== ${op.code(a, b)}) ${fail}(${a}, ${b});`);
          }
          return fixed(value);
        }
        case "bigint": {
          if (!options.ansi) return fixedLocal(ctx, js`BigInt.asIntN(64, ${op.code(a, b)})`);
          const exact = local(ctx, "t", op.code(a, b));
          const value = local(ctx, "v", js`BigInt.asIntN(64, ${exact})`);
          const fail = ctx.bind(() => overflow("long overflow", op.tryName));
          ctx.line(js`if (${value} !== ${exact}) ${fail}();`);
          return fixed(value);
        }
        case "float":
          return fixedLocal(ctx, js`Math.fround(${op.code(a, b)})`);
        case "double":
          return fixedLocal(ctx, op.code(a, b));
        default: {
          const form = bindBinary(op, options.ansi ? "ansi" : "legacy")(types, options.context);
          const slow = js`${ctx.bind(form)}(${a}, ${b})`;
          const exact = emitExactOperation(op.symbol, [left!, right!], types, slow, !options.ansi, ctx);
          return exact ?? callBound(ctx, form, types, a, b);
        }
      }
    },
  };
}

/** Calls the interpreter form with single-expression arguments; a null result is SQL NULL. */
function callBound(ctx: EmitContext, form: Binary, types: Signature, a: Code, b: Code): Emitted {
  const value = local(ctx, "v", js`${ctx.bind(form)}(${a}, ${b})`);
  const isNull = js`(${value} === null)`;
  return types.returns.kind === "decimal" ? { shape: "boxed", isNull, value } : { shape: "fixed", isNull, value };
}
const fixed = (value: Code): Emitted => ({ shape: "fixed", isNull: js.false, value });

/** Errors of dates, times and intervals become NULL for the `try_` functions. */
function nullIfTried(form: Binary, mode: Mode): Binary {
  if (mode !== "try") return form;
  return (a, b) => {
    try {
      return form(a, b);
    } catch (error) {
      if (error instanceof MillraceError) return null;
      throw error;
    }
  };
}

function bindBinary(op: Operation, mode: Mode): (types: Signature, context: EvalContext) => Binary {
  return (types, context) => {
    const temporal = bindTemporal(op.symbol, types, context);
    return temporal === undefined ? bindOperation(op, types, mode) : nullIfTried(temporal, mode);
  };
}

/** Where a date, a timestamp or an interval stands, the other side must be of a few types. */
function refuseTemporal(symbol: string, args: readonly ArgumentInfo[], call: CallInfo): undefined {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo];
  const kinds = [left.type.kind, right.type.kind] as const;
  const isTime = (kind: string): boolean => kind === "timestamp" || kind === "timestamp_ntz";
  const refuse = (index: 0 | 1, required: string): never => {
    throw unexpectedInput(args[index]!, required, index, call);
  };
  if (symbol === "*" || symbol === "/") {
    if (isInterval(left.type)) refuse(1, "NUMERIC");
    if (isInterval(right.type) && symbol === "*") refuse(0, "NUMERIC");
    return;
  }
  if (kinds[1] === "interval_day_time") refuse(0, "TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE");
  if (symbol === "+" && kinds[0] === "interval_day_time") refuse(1, "TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE");
  if (symbol === "-" && kinds.some(isTime)) refuse(isTime(kinds[0]) ? 1 : 0, "TIMESTAMP");
  if (kinds[0] === "date") refuse(1, 'INT" or "SMALLINT" or "TINYINT');
  if (kinds[1] === "date") refuse(0, 'INT" or "SMALLINT" or "TINYINT');
}

function resolveOperation(op: Operation): ScalarFunction["resolve"] {
  return (args, call) =>
    resolveTemporal(op.symbol, args[0]!.type, args[1]!.type, call.ansi) ??
    refuseTemporal(op.symbol, args, call) ??
    resolveNumbers(args, call, op.decimalType);
}

const decimalCanOverflow = (args: readonly ArgumentInfo[], ansi: boolean): boolean =>
  !ansi && args.some((a) => a.type.kind === "decimal");

function operator(
  op: Operation,
  doc: { readonly summary: string; readonly examples: ScalarFunction["doc"]["examples"] },
): ScalarFunction {
  return {
    name: op.symbol,
    since: "0.1.0",
    arity: [2, 2],
    resolve: resolveOperation(op),
    nulls: "propagate",
    canReturnNull: decimalCanOverflow,
    deterministic: true,
    bind: (types, context) => bindBinary(op, context.ansi ? "ansi" : "legacy")(types, context),
    emit: emitOperation(op),
    doc: { group, usage: `expr1 ${op.symbol} expr2`, ...doc },
  };
}
function tolerant(
  op: Operation,
  what: string,
  example: { readonly sql: string; readonly result: string },
): ScalarFunction {
  return {
    name: op.tryName,
    since: "0.1.0",
    arity: [2, 2],
    resolve: resolveOperation(op),
    nulls: "propagate",
    canReturnNull: true,
    deterministic: true,
    bind: (types, context) => bindBinary(op, "try")(types, context),
    doc: {
      group,
      usage: `${op.tryName}(expr1, expr2)`,
      summary: `${what}, or NULL when the result overflows.`,
      examples: [example],
    },
  };
}

const divideDecimal =
  (result: DecimalType): Operation["decimal"] =>
  (a, aScale, b, bScale) => {
    // One digit more than the result would round twice; the exact quotient at the result's scale is rounded once.
    const shift = result.scale - aScale + bScale;
    const value = shift >= 0 ? divideHalfUp(a * powerOfTen(shift), b) : divideHalfUp(a, b * powerOfTen(-shift));
    return [value, result.scale];
  };

function bindDivide(types: Signature, context: EvalContext, mode: Mode): Binary {
  const temporal = bindTemporal("/", types, context);
  if (temporal !== undefined) return nullIfTried(temporal, mode);
  const zero = mode === "ansi" ? divideByZero : () => null;
  if (types.returns.kind === "decimal") {
    const form = decimalForm(divideDecimal(types.returns), types, mode);
    return (a, b) => (b === 0n ? zero() : form(a, b));
  }
  return (a, b) => (b === 0 ? zero() : (a as number) / (b as number));
}
const resolveDivide: ScalarFunction["resolve"] = (args, call) => {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo];
  return (
    resolveTemporal("/", left.type, right.type, call.ansi) ??
    refuseTemporal("/", [left, right], call) ??
    resolveNumbers(args, call, decimalResult.divide, doubleType)
  );
};

const divide: ScalarFunction = {
  name: "/",
  since: "0.1.0",
  arity: [2, 2],
  resolve: resolveDivide,
  nulls: "propagate",
  canReturnNull: (_, ansi) => !ansi,
  deterministic: true,
  bind: (types, context) => bindDivide(types, context, context.ansi ? "ansi" : "legacy"),
  emit: {
    emit([left, right], ctx, types, options) {
      const a = valueOf(left!);
      const b = valueOf(right!);
      if (types.returns.kind !== "double")
        return callBound(ctx, bindDivide(types, options.context, options.ansi ? "ansi" : "legacy"), types, a, b);
      if (options.ansi) ctx.line(js`if (${b} === 0) ${ctx.bind(divideByZero)}();`);
      return fixedLocal(ctx, js`${a} / ${b}`, options.ansi ? js.false : js`(${b} === 0)`);
    },
  },
  doc: {
    group,
    usage: "expr1 / expr2",
    summary: "Quotient: of decimals exact to at least six digits, of other numbers a DOUBLE.",
    examples: [
      { sql: "3 / 2", result: "1.5" },
      { sql: "1.0 / 3", result: "0.333333" },
    ],
  },
};

/** Floor and sign rules of the whole-number quotient and the two remainders, per kind of number. */
interface WholeOperation {
  readonly number: (a: number, b: number) => number;
  readonly bigint: (a: bigint, b: bigint) => bigint;
  readonly zero: () => never;
}
const remainder: WholeOperation = { number: (a, b) => a % b, bigint: (a, b) => a % b, zero: remainderByZero };
const positiveModulo: WholeOperation = {
  number: (a, b) => {
    const r = a % b;
    return r < 0 ? (r + b) % b : r;
  },
  bigint: (a, b) => {
    const r = a % b;
    return r < 0n ? (r + b) % b : r;
  },
  zero: remainderByZero,
};

function bindWhole(op: WholeOperation, types: Signature, mode: Mode): Binary {
  const zero = mode === "ansi" ? op.zero : () => null;
  switch (types.returns.kind) {
    case "bigint":
      return (a, b) => (b === 0n ? zero() : BigInt.asIntN(64, op.bigint(a as bigint, b as bigint)));
    case "decimal": {
      const form = decimalForm(aligned(op.bigint), types, mode);
      return (a, b) => (b === 0n ? zero() : form(a, b));
    }
    case "float":
      return (a, b) => (b === 0 ? zero() : Math.fround(op.number(a as number, b as number)));
    case "double":
      return (a, b) => (b === 0 ? zero() : op.number(a as number, b as number));
    default:
      return (a, b) => (b === 0 ? zero() : op.number(a as number, b as number) | 0);
  }
}
function whole(
  op: WholeOperation,
  fields: Pick<ScalarFunction, "name" | "doc"> & Partial<Pick<ScalarFunction, "aliases" | "emit">>,
): ScalarFunction {
  return {
    since: "0.1.0",
    arity: [2, 2],
    resolve: (args, call) => resolveNumbers(args, call, decimalResult.remainder),
    nulls: "propagate",
    canReturnNull: (args, ansi) => !ansi || args.some((a) => a.type.kind === "decimal"),
    deterministic: true,
    bind: (types, context) => bindWhole(op, types, context.ansi ? "ansi" : "legacy"),
    ...fields,
  };
}

const emitRemainder: Emitter = {
  emit([left, right], ctx, types, options) {
    const a = valueOf(left!);
    const b = valueOf(right!);
    const { kind } = types.returns;
    if (kind === "decimal")
      return callBound(ctx, bindWhole(remainder, types, options.ansi ? "ansi" : "legacy"), types, a, b);
    const isZero = kind === "bigint" ? js`(${b} === 0n)` : js`(${b} === 0)`;
    if (options.ansi) ctx.line(js`if ${isZero} ${ctx.bind(remainderByZero)}();`);
    const isNull = options.ansi ? js.false : isZero;
    // A bigint remainder by zero throws, so the divisor under a NULL result is replaced.
    if (kind === "bigint")
      return fixedLocal(
        ctx,
        options.ansi ? js`BigInt.asIntN(64, ${a} % ${b})` : js`(${isZero} ? 0n : BigInt.asIntN(64, ${a} % ${b}))`,
        isNull,
      );
    if (kind === "double") return fixedLocal(ctx, js`${a} % ${b}`, isNull);
    return fixedLocal(ctx, kind === "float" ? js`Math.fround(${a} % ${b})` : js`(${a} % ${b} | 0)`, isNull);
  },
};

const integralDivide: ScalarFunction = {
  name: "div",
  since: "0.1.0",
  arity: [2, 2],
  resolve: (args, call) => {
    const [a, b] = readTexts(args[0]!.type, args[1]!.type, "arithmetic", call.ansi);
    const fractional = (t: DataType): boolean => t.kind === "double" || t.kind === "float";
    if (fractional(a) || fractional(b)) throw misfitOperands(a, b, 'BIGINT" or "DECIMAL', call);
    const typed = args.map((arg, i) => ({ ...arg, type: [a, b][i]! }));
    return { args: resolveNumbers(typed, call, decimalResult.add, bigintType).args, returns: bigintType };
  },
  nulls: "propagate",
  canReturnNull: (_, ansi) => !ansi,
  deterministic: true,
  bind(types, context) {
    const zero = context.ansi ? divideByZero : () => null;
    const [left, right] = types.args as readonly [DataType, DataType];
    const scaleOf = (t: DataType): number => (t.kind === "decimal" ? t.scale : 0);
    const scale = Math.max(scaleOf(left), scaleOf(right));
    return (a, b) => {
      if (b === 0n) return zero();
      const exact = rescale(a as bigint, scaleOf(left), scale) / rescale(b as bigint, scaleOf(right), scale);
      const value = BigInt.asIntN(64, exact);
      return value === exact || !context.ansi ? value : overflow("Overflow in integral divide", "try_divide");
    };
  },
  emit: {
    emit([left, right], ctx, types, options) {
      const a = valueOf(left!);
      const b = valueOf(right!);
      if (types.args[0]!.kind !== "bigint" || types.args[1]!.kind !== "bigint")
        return callBound(ctx, integralDivide.bind(types, options.context, options.args), types, a, b);
      if (!options.ansi)
        return fixedLocal(ctx, js`(${b} === 0n ? 0n : BigInt.asIntN(64, ${a} / ${b}))`, js`(${b} === 0n)`);
      ctx.line(js`if (${b} === 0n) ${ctx.bind(divideByZero)}();`);
      const value = local(ctx, "v", js`BigInt.asIntN(64, ${a} / ${b})`);
      // Only the least BIGINT divided by −1 leaves the range.
      const fail = ctx.bind(() => overflow("Overflow in integral divide", "try_divide"));
      ctx.line(js`if (${b} === -1n && ${a} === ${value} && ${a} !== 0n) ${fail}();`);
      return fixed(value);
    },
  },
  doc: {
    group,
    usage: "expr1 div expr2",
    summary: "Whole part of the quotient, as BIGINT.",
    examples: [{ sql: "7 div -2", result: "-3" }],
  },
};

export const arithmetic: readonly ScalarFunction[] = [
  operator(plus, {
    summary: "Sum of numbers; a date or timestamp and an interval; a date and a number of days.",
    examples: [
      { sql: "1 + 2", result: "3" },
      { sql: "DATE'2024-01-31' + INTERVAL '1' MONTH", result: "2024-02-29" },
    ],
  }),
  operator(minus, {
    summary: "Difference of numbers, dates, timestamps and intervals.",
    examples: [
      { sql: "2 - 1", result: "1" },
      { sql: "DATE'2024-03-01' - 1", result: "2024-02-29" },
    ],
  }),
  operator(times, {
    summary: "Product of numbers, or of an interval and a number.",
    examples: [{ sql: "2.50 * 3", result: "7.50" }],
  }),
  divide,
  whole(remainder, {
    name: "%",
    aliases: ["mod"],
    emit: emitRemainder,
    doc: {
      group,
      usage: "expr1 % expr2, mod(expr1, expr2)",
      summary: "Remainder with the sign of the dividend.",
      examples: [
        { sql: "-7 % 3", result: "-1" },
        { sql: "mod(2, 1.8)", result: "0.2" },
      ],
    },
  }),
  whole(positiveModulo, {
    name: "pmod",
    doc: {
      group,
      usage: "pmod(expr1, expr2)",
      summary: "Remainder that is never negative for a positive divisor.",
      examples: [{ sql: "pmod(-10, 3)", result: "2" }],
    },
  }),
  integralDivide,
  tolerant(plus, "Sum", { sql: "try_add(2147483647, 1)", result: "NULL" }),
  tolerant(minus, "Difference", { sql: "try_subtract(-2147483647, 2)", result: "NULL" }),
  tolerant(times, "Product", { sql: "try_multiply(2147483647, 2)", result: "NULL" }),
  {
    ...whole(remainder, {
      name: "try_mod",
      doc: {
        group,
        usage: "try_mod(expr1, expr2)",
        summary: "Remainder, or NULL when the divisor is 0.",
        examples: [{ sql: "try_mod(3, 0)", result: "NULL" }],
      },
    }),
    canReturnNull: true,
    bind: (types) => bindWhole(remainder, types, "try"),
  },
  {
    name: "try_divide",
    since: "0.1.0",
    arity: [2, 2],
    resolve: resolveDivide,
    nulls: "propagate",
    canReturnNull: true,
    deterministic: true,
    bind: (types, context) => {
      const form = bindDivide(types, context, "try");
      return isInterval(types.args[0]!)
        ? (a, b) => (b === 0n || b === 0 ? null : form(a!, b!))
        : (a, b) => form(a!, b!);
    },
    doc: {
      group,
      usage: "try_divide(expr1, expr2)",
      summary: "Quotient, or NULL when the divisor is 0.",
      examples: [{ sql: "try_divide(1, 0)", result: "NULL" }],
    },
  },
];
