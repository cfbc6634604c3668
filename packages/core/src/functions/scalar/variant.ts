/** Functions of VARIANT. */
import { MillraceError } from "../../errors/index.ts";
import { asVariant, variantNode } from "../../columnar/variant-reader.ts";
import { booleanType, type DataType, stringType, variantType } from "../../types/data-type.ts";
import { parseDataType } from "../../types/ddl.ts";
import { canCast, tryCastOf } from "../cast-values.ts";
import { isAtomic } from "../coercion.ts";
import type { ScalarFunction } from "../function.ts";
import { type CallInfo, requireLiteral, signature, unexpectedInput } from "../resolution.ts";
import { quotedType } from "../type-text.ts";
import {
  followVariant,
  parseVariantPath,
  subVariant,
  toVariant,
  variantReaderOf,
  type VariantStep,
} from "../variant-casts.ts";
import { parseVariant } from "../variant-json.ts";
import { variantSchema } from "../variant-schema.ts";
import { type RecordFields, scalarRecord } from "./scalar-record.ts";

export const variantFunction = (fields: RecordFields): ScalarFunction => scalarRecord("Variant", fields);

function parsing(name: string, tolerant: boolean): ScalarFunction {
  return variantFunction({
    name,
    arity: [1, 1],
    resolve: signature([stringType], variantType),
    canReturnNull: tolerant,
    bind: () => (text) => {
      const variant = parseVariant(text as string);
      if (variant !== undefined) return variant as readonly Uint8Array[];
      if (tolerant) return null;
      throw new MillraceError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", {
        badRecord: text as string,
        where: name,
        reason: "it is no JSON document, or an object in it has a key twice",
        failFastMode: "FAILFAST",
      });
    },
    usage: `${name}(json)`,
    summary: `The VARIANT of JSON text.${tolerant ? " NULL for malformed text." : ""}`,
    examples: [
      [`${name}('{"b":1,"a":[0.50,"x"]}')`, '{"a":[0.5,"x"],"b":1}'],
      ...(tolerant ? ([["try_parse_json('{\"a\":1')", "NULL"]] as const) : []),
    ],
  });
}

function stepsOf(path: string, functionName: string): readonly VariantStep[] {
  const steps = parseVariantPath(path);
  if (steps !== undefined) return steps;
  throw new MillraceError("INVALID_VARIANT_GET_PATH", { path, functionName: `\`${functionName}\`` });
}

function getting(name: string, tolerant: boolean): ScalarFunction {
  const typeOfCall = (type: unknown, call: CallInfo): DataType => {
    const returns = type === undefined ? variantType : parseDataType(String(type));
    if (!canCast(variantType, returns, "ansi"))
      throw new MillraceError("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", {
        sqlExpr: call.sql,
        srcType: quotedType(variantType),
        targetType: quotedType(returns),
      });
    return returns;
  };
  return variantFunction({
    name,
    arity: [2, 3],
    resolve(args, call) {
      const [variant] = args;
      if (variant!.type.kind !== "variant" && variant!.type.kind !== "null")
        throw unexpectedInput(variant!, "VARIANT", 0, call);
      const returns = typeOfCall(args[2] === undefined ? undefined : requireLiteral(args[2], "type", call), call);
      const path = args[1]?.literal?.value;
      if (typeof path === "string") stepsOf(path, name);
      return { args: [variantType, stringType, stringType].slice(0, args.length), returns };
    },
    canReturnNull: true,
    bind({ returns }, context) {
      const read =
        returns.kind === "variant"
          ? subVariant
          : variantReaderOf(returns, tolerant, context.timeZone, tryCastOf(context.timeZone));
      let last: string | undefined;
      let steps: readonly VariantStep[] = [];
      return (value, path) => {
        if (path !== last) {
          steps = stepsOf(path as string, name);
          last = path as string;
        }
        const variant = asVariant(value!);
        const position = followVariant(variant, steps);
        return position === undefined ? null : read(variant, position);
      };
    },
    usage: `${name}(variant, path[, type])`,
    summary: `The value at a path such as $.a.b[0]['c'], cast to a type; NULL when there is none.${tolerant ? " NULL for a value that cannot be cast." : ""}`,
    examples: tolerant
      ? [["try_variant_get(parse_json('[1, \"hello\"]'), '$[1]', 'int')", "NULL"]]
      : [["variant_get(parse_json('{\"a\": [1, 2]}'), '$.a[1]', 'int')", "2"]],
  });
}

const isVariantNull = variantFunction({
  name: "is_variant_null",
  arity: [1, 1],
  resolve: (args, call) => {
    if (args[0]!.type.kind !== "variant" && args[0]!.type.kind !== "null")
      throw unexpectedInput(args[0]!, "VARIANT", 0, call);
    return { args: [variantType], returns: booleanType };
  },
  nulls: "custom",
  bind: () => (value) => value !== null && variantNode(asVariant(value!)).kind === "null",
  usage: "is_variant_null(variant)",
  summary: "Whether the variant is a JSON null; false for a SQL NULL.",
  examples: [["is_variant_null(parse_json('null'))", "true"]],
});

const schemaOfVariant = variantFunction({
  name: "schema_of_variant",
  arity: [1, 1],
  resolve: (args, call) => {
    if (args[0]!.type.kind !== "variant" && args[0]!.type.kind !== "null")
      throw unexpectedInput(args[0]!, "VARIANT", 0, call);
    return { args: [variantType], returns: stringType };
  },
  bind: () => (value) => variantSchema(asVariant(value!)),
  usage: "schema_of_variant(variant)",
  summary: "The type of a variant in DDL notation, objects as OBJECT<…>.",
  examples: [['schema_of_variant(parse_json(\'[{"b":true,"a":0}]\'))', "ARRAY<OBJECT<a: BIGINT, b: BOOLEAN>>"]],
});

/** Whether values of the type can become variants when structs and maps with string keys may become objects. */
export function canBecomeVariant(type: DataType): boolean {
  switch (type.kind) {
    case "array":
      return canBecomeVariant(type.element);
    case "map":
      return type.key.kind === "string" && canBecomeVariant(type.value);
    case "struct":
      return type.fields.every((f) => canBecomeVariant(f.type));
    default:
      return type.kind === "variant" || canCast(type, variantType, "ansi");
  }
}

const toVariantObject = variantFunction({
  name: "to_variant_object",
  arity: [1, 1],
  resolve(args, call) {
    const { type } = args[0]!;
    if (isAtomic(type) || type.kind === "variant" || !canBecomeVariant(type))
      throw new MillraceError("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", {
        sqlExpr: call.sql,
        srcType: quotedType(type),
        targetType: quotedType(variantType),
      });
    return { args: [type], returns: variantType };
  },
  bind: ({ args }) => toVariant(args[0]!),
  usage: "to_variant_object(expr)",
  summary: "A struct, map with string keys or array as a VARIANT.",
  examples: [["to_variant_object(named_struct('b', 1, 'a', 'x'))", '{"a":"x","b":1}']],
});

export const variantFunctions: readonly ScalarFunction[] = [
  parsing("parse_json", false),
  parsing("try_parse_json", true),
  getting("variant_get", false),
  getting("try_variant_get", true),
  isVariantNull,
  schemaOfVariant,
  toVariantObject,
];
