/** Functions that make several rows of one. */
import { MillraceError } from "../errors/index.ts";
import {
  arrayType,
  bigintType,
  type DataType,
  intType,
  nullType,
  sameTypeIgnoringNullability,
  type SqlMap,
  type SqlValue,
} from "../types/data-type.ts";
import { jsonTuple } from "./scalar/json-paths.ts";
import type { ArgumentInfo, GeneratorFunction } from "./function.ts";
import { type CallInfo, requireLiteral, unexpectedInput } from "./resolution.ts";
import { quotedType } from "./type-text.ts";

type Column = { readonly name: string; readonly type: DataType; readonly nullable: boolean };

function columnsOf(type: DataType, outer: boolean): readonly Column[] {
  if (type.kind === "map")
    return [
      { name: "key", type: type.key, nullable: outer },
      { name: "value", type: type.value, nullable: outer || type.valueContainsNull },
    ];
  const array = type.kind === "array" ? type : arrayType(nullType);
  return [{ name: "col", type: array.element, nullable: outer || array.containsNull }];
}
function collectionType(arg: ArgumentInfo, call: CallInfo): DataType {
  if (arg.type.kind !== "array" && arg.type.kind !== "map") throw unexpectedInput(arg, '("ARRAY" or "MAP")', 0, call);
  return arg.type;
}

function rowsOf(value: SqlValue | undefined): readonly (readonly SqlValue[])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return (value as readonly SqlValue[]).map((item) => [item]);
  const map = value as SqlMap;
  return map.keys.map((key, i) => [key, map.values[i]!]);
}

function explode(name: string, outer: boolean, positions: boolean): GeneratorFunction {
  return {
    name,
    since: "0.1.0",
    arity: [1, 1],
    outer,
    resolve(args, call) {
      const type = collectionType(args[0]!, call);
      const columns = columnsOf(type, outer);
      return {
        args: [type],
        returns: positions ? [{ name: "pos", type: intType, nullable: outer }, ...columns] : columns,
      };
    },
    bind([type]) {
      const width = (type!.kind === "map" ? 2 : 1) + (positions ? 1 : 0);
      const empty: readonly (readonly SqlValue[])[] = outer ? [new Array<SqlValue>(width).fill(null)] : [];
      return (value) => {
        const rows = rowsOf(value);
        if (rows.length === 0) return empty;
        return positions ? rows.map((row, i) => [i, ...row]) : rows;
      };
    },
    doc: {
      group: "Generators",
      usage: `${name}(expr)`,
      summary: `A row per element of an array (col) or entry of a map (key, value)${positions ? ", with its position from 0 (pos)" : ""}.${outer ? " An empty or NULL collection gives one row of NULLs." : ""}`,
      examples: [],
    },
  };
}

function inline(name: string, outer: boolean): GeneratorFunction {
  return {
    name,
    since: "0.1.0",
    arity: [1, 1],
    outer,
    resolve(args, call) {
      const { type } = args[0]!;
      if (type.kind !== "array" || type.element.kind !== "struct")
        throw unexpectedInput(args[0]!, "ARRAY<STRUCT>", 0, call);
      const nullable = outer || type.containsNull;
      return {
        args: [type],
        returns: type.element.fields.map((f) => ({ name: f.name, type: f.type, nullable: nullable || f.nullable })),
      };
    },
    bind([type]) {
      const width = type?.kind === "array" && type.element.kind === "struct" ? type.element.fields.length : 0;
      const nulls: readonly SqlValue[] = new Array<SqlValue>(width).fill(null);
      return (value) => {
        const items = (value ?? []) as readonly (readonly SqlValue[] | null)[];
        if (items.length === 0) return outer ? [nulls] : [];
        return items.map((item) => item ?? nulls);
      };
    },
    doc: {
      group: "Generators",
      usage: `${name}(array)`,
      summary: `A row per struct of an array, a column per field.${outer ? " An empty or NULL array gives one row of NULLs." : ""}`,
      examples: [],
    },
  };
}

/** stack(n, value, …): the values in n rows, the last one filled with NULLs. */
const stack: GeneratorFunction = {
  name: "stack",
  since: "0.2.0",
  arity: [2, Number.POSITIVE_INFINITY],
  outer: false,
  resolve(args, call) {
    const written = requireLiteral(args[0], "n", call);
    if (args[0]!.type.kind !== "int") throw unexpectedInput(args[0]!, "INT", 0, call);
    if (written === null || (written as number) < 1) {
      throw new MillraceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: call.sql,
        exprName: "`n`",
        valueRange: "(0, 2147483647]",
        currentValue: `${String(written)} (in "INT" type)`,
      });
    }
    const values = args.slice(1);
    const width = Math.ceil(values.length / (written as number));
    const columns = Array.from({ length: width }, (_, column): Column => {
      const own = values.filter((_value, i) => i % width === column);
      return { name: `col${column}`, type: stackedType(own, column, width, call), nullable: true };
    });
    return { args: [intType, ...values.map((_, i) => columns[i % width]!.type)], returns: columns };
  },
  bind:
    (types) =>
    (n, ...values) => {
      const rows = n as number;
      const width = Math.ceil((types.length - 1) / rows);
      return Array.from({ length: rows }, (_, r) =>
        Array.from({ length: width }, (_c, c) => values[r * width + c] ?? null),
      );
    },
  doc: {
    group: "Generators",
    usage: "stack(n, value1, value2, …)",
    summary: "The values in n rows, columns col0, col1, …; NULLs fill up the last row.",
    examples: [],
  },
};
/** One type for a column of the rows: only NULLs may be of another. */
function stackedType(own: readonly ArgumentInfo[], column: number, width: number, call: CallInfo): DataType {
  const first = own.findIndex((arg) => arg.type.kind !== "null");
  if (first < 0) return nullType;
  const type = own[first]!.type;
  own.forEach((arg, i) => {
    if (arg.type.kind === "null" || sameTypeIgnoringNullability(arg.type, type)) return;
    throw new MillraceError("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES", {
      sqlExpr: call.sql,
      columnIndex: String(column),
      leftType: quotedType(type),
      leftParamIndex: String(1 + first * width + column),
      rightType: quotedType(arg.type),
      rightParamIndex: String(1 + i * width + column),
    });
  });
  return type;
}

/** A row as often as a number says, for INTERSECT ALL, EXCEPT ALL and samples with replacement. */
const replicateRows: GeneratorFunction = {
  name: "replicate_rows",
  since: "0.2.0",
  arity: [1, 1],
  outer: false,
  resolve: () => ({ args: [bigintType], returns: [{ name: "copy", type: bigintType, nullable: false }] }),
  bind: () => (count) => Array.from({ length: Math.max(0, Number(count ?? 0n)) }, (_, i) => [BigInt(i)]),
  doc: {
    group: "Internal",
    usage: "replicate_rows(n)",
    summary: "The row n times; none for zero, NULL and negative numbers.",
    examples: [],
  },
};

export const generatorFunctions: readonly GeneratorFunction[] = [
  jsonTuple,
  replicateRows,
  explode("explode", false, false),
  explode("explode_outer", true, false),
  explode("posexplode", false, true),
  explode("posexplode_outer", true, true),
  inline("inline", false),
  inline("inline_outer", true),
  stack,
];
