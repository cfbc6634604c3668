/** What most records need to resolve their argument types: expectations, common types, and the errors of misfits. */
import { MillraceError } from "../errors/index.ts";
import {
  arrayType,
  bigintType,
  type DataType,
  doubleType,
  isIntegral,
  isNumeric,
  mapType,
  nullType,
  sameTypeIgnoringNullability,
  stringType,
  timestampType,
} from "../types/data-type.ts";
import { canCoerce, commonTypeOf, isDatetime, isOrderable } from "./coercion.ts";
import type { ArgumentInfo, Signature } from "./function.ts";
import { quotedType, typeText } from "./type-text.ts";

export interface CallInfo {
  readonly sql: string;
  readonly ansi: boolean;
}
export type Resolve = (args: readonly ArgumentInfo[], call: CallInfo) => Signature;

/** A class of types that a parameter accepts as they are. */
export interface TypeClass {
  readonly label: string;
  accepts(type: DataType): boolean;
  /** What other types (strings, NULL) are cast to; undefined refuses them. */
  readonly otherwise: DataType | undefined;
}
const typeClass = (label: string, accepts: (type: DataType) => boolean, otherwise?: DataType): TypeClass => ({
  label,
  accepts,
  otherwise,
});
type ClassName = "any" | "numeric" | "integral" | "datetime" | "text" | "orderable" | "array" | "map";
export const classes: Readonly<Record<ClassName, TypeClass>> = {
  any: typeClass("ANY", () => true),
  numeric: typeClass("NUMERIC", isNumeric, doubleType),
  integral: typeClass("INTEGRAL", isIntegral, bigintType),
  datetime: typeClass("(DATE or TIMESTAMP)", isDatetime, timestampType),
  text: typeClass("(STRING or BINARY)", (t) => t.kind === "string" || t.kind === "binary", stringType),
  orderable: typeClass("ORDERABLE", isOrderable),
  array: typeClass("ARRAY", (t) => t.kind === "array", arrayType(nullType)),
  map: typeClass("MAP", (t) => t.kind === "map", mapType(nullType, nullType)),
};

export type Expected = DataType | TypeClass;

const ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];
export function ordinal(index: number): string {
  return ordinals[index] ?? `${index + 1}th`;
}

/** The type that an argument is cast to for a parameter, or DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE. */
export function coerceArgument(arg: ArgumentInfo, expected: Expected, index: number, call: CallInfo): DataType {
  if (!("accepts" in expected)) {
    if (canCoerce(arg.type, expected, call.ansi)) return expected;
  } else {
    if (expected === classes.any) return arg.type;
    if (expected.accepts(arg.type)) return arg.type;
    if (expected.otherwise !== undefined && canCoerce(arg.type, expected.otherwise, call.ansi))
      return expected.otherwise;
  }
  throw unexpectedInput(arg, "accepts" in expected ? expected.label : typeText(expected), index, call);
}

export function unexpectedInput(arg: ArgumentInfo, required: string, index: number, call: CallInfo): MillraceError {
  return new MillraceError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
    sqlExpr: call.sql,
    paramIndex: ordinal(index),
    requiredType: `"${required}"`,
    inputSql: arg.sql ?? call.sql,
    inputType: quotedType(arg.type),
  });
}

/** Parameters one by one; the last one repeats for variadic functions. `returns` sees the coerced types. */
export function signature(
  expected: readonly Expected[],
  returns: DataType | ((args: readonly DataType[], infos: readonly ArgumentInfo[]) => DataType),
): Resolve {
  return (args, call) => {
    const types = args.map((arg, i) =>
      coerceArgument(arg, expected[Math.min(i, expected.length - 1)] ?? classes.any, i, call),
    );
    return { args: types, returns: typeof returns === "function" ? returns(types, args) : returns };
  };
}

/** All arguments in their common type, which is also the result's unless `returns` says otherwise. */
export function sameTyped(name: string, returns?: (common: DataType) => DataType): Resolve {
  return (args, call) => {
    const common = commonOf(
      name,
      args.map((a) => a.type),
      call,
    );
    return { args: args.map(() => common), returns: returns === undefined ? common : returns(common) };
  };
}

/** The common type of all, or DATATYPE_MISMATCH.DATA_DIFF_TYPES. */
export function commonOf(name: string, types: readonly DataType[], call: CallInfo): DataType {
  const common = commonTypeOf(types, call.ansi);
  if (common === undefined)
    throw new MillraceError("DATATYPE_MISMATCH.DATA_DIFF_TYPES", {
      sqlExpr: call.sql,
      functionName: `\`${name}\``,
      dataType: `[${types.map(quotedType).join(", ")}]`,
    });
  return common;
}

/**
 * The error of operands that an operator does not take: of one type that is wrong, or of different ones.
 * @param required what the operator takes, for the message
 */
export function misfitOperands(left: DataType, right: DataType, required: string, call: CallInfo): MillraceError {
  const floats = left.kind === "double" || right.kind === "double";
  // A decimal beside a DOUBLE has become one.
  if (sameTypeIgnoringNullability(left, right) || (floats && (left.kind === "decimal" || right.kind === "decimal")))
    return new MillraceError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", {
      sqlExpr: call.sql,
      requiredType: `"${required}"`,
      actualDataType: quotedType(left),
    });
  return new MillraceError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", {
    sqlExpr: call.sql,
    left: quotedType(left),
    right: quotedType(right),
  });
}

/** DATATYPE_MISMATCH.INVALID_ORDERING_TYPE for types without an order (maps). */
export function requireOrderable(name: string, type: DataType, call: CallInfo): void {
  if (!isOrderable(type))
    throw new MillraceError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", {
      sqlExpr: call.sql,
      functionName: `\`${name}\``,
      dataType: quotedType(type),
    });
}

/** The value of an argument that has to be a constant, or DATATYPE_MISMATCH.NON_FOLDABLE_INPUT. */
export function requireLiteral(
  arg: ArgumentInfo | undefined,
  name: string,
  call: CallInfo,
): NonNullable<ArgumentInfo["literal"]>["value"] {
  if (arg?.literal === undefined)
    throw new MillraceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
      sqlExpr: call.sql,
      inputName: `\`${name}\``,
      inputType: arg === undefined ? '"STRING"' : quotedType(arg.type),
      inputExpr: `"${call.sql}"`,
    });
  return arg.literal.value;
}

/** Decimals keep their type, other numbers become DOUBLE. */
export function decimalOrDouble(type: DataType): DataType {
  return type.kind === "decimal" ? type : doubleType;
}
