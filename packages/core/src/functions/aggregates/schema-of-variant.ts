import { asVariant } from "../../columnar/variant-reader.ts";
import { type DataType, nullType, stringType, variantType } from "../../types/data-type.ts";
import { parseTypeJson, toSchemaJson } from "../../types/schema-json.ts";
import type { AggregateFunction } from "../function.ts";
import { unexpectedInput } from "../resolution.ts";
import { mergeVariantTypes, typeOfVariant, variantTypeText } from "../variant-schema.ts";

/** The type that all variants of a group have in common. Its buffer is the type as schema JSON. */
export const schemaOfVariantAgg: AggregateFunction = {
  name: "schema_of_variant_agg",
  since: "0.1.0",
  arity: [1, 1],
  resolve(args, call) {
    if (args[0]!.type.kind !== "variant" && args[0]!.type.kind !== "null")
      throw unexpectedInput(args[0]!, "VARIANT", 0, call);
    return { args: [variantType], returns: stringType };
  },
  nullable: false,
  orderIndependent: true,
  buffer: () => [{ name: "schema", type: stringType, nullable: false }],
  bind() {
    const types: DataType[] = [];
    return {
      ensure: (slots) => {
        while (types.length < slots) types.push(nullType);
      },
      reset: (slot) => {
        types[slot] = nullType;
      },
      update: (slot, [value]) => {
        if (value !== null) types[slot] = mergeVariantTypes(types[slot]!, typeOfVariant(asVariant(value!)));
      },
      save: (slot) => [toSchemaJson(types[slot]!)],
      merge: (slot, [json]) => {
        types[slot] = mergeVariantTypes(types[slot]!, parseTypeJson(json as string));
      },
      evaluate: (slot) => variantTypeText(types[slot]!),
    };
  },
  doc: {
    group: "Variant",
    usage: "schema_of_variant_agg(variant)",
    summary: "The type that the variants of a group have in common, in DDL notation.",
    examples: [{ sql: "schema_of_variant_agg(parse_json('{\"a\":1}'))", result: "OBJECT<a: BIGINT>" }],
  },
};
