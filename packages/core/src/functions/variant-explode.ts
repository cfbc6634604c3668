/** `variant_explode`: a row per element of a variant array or per field of a variant object. */
import { asVariant, variantNode } from "../columnar/variant-reader.ts";
import { intType, type SqlValue, stringType, variantType } from "../types/data-type.ts";
import type { GeneratorFunction } from "./function.ts";
import { unexpectedInput } from "./resolution.ts";
import { subVariant } from "./variant-casts.ts";

function explodeVariant(name: string, outer: boolean): GeneratorFunction {
  const empty: readonly (readonly SqlValue[])[] = outer ? [[null, null, null]] : [];
  return {
    name,
    since: "0.1.0",
    arity: [1, 1],
    outer,
    resolve(args, call) {
      if (args[0]!.type.kind !== "variant" && args[0]!.type.kind !== "null")
        throw unexpectedInput(args[0]!, "VARIANT", 0, call);
      return {
        args: [variantType],
        returns: [
          { name: "pos", type: intType, nullable: outer },
          { name: "key", type: stringType, nullable: true },
          { name: "value", type: variantType, nullable: outer },
        ],
      };
    },
    bind: () => (value) => {
      if (value === null || value === undefined) return empty;
      const variant = asVariant(value);
      const node = variantNode(variant);
      if ((node.kind !== "array" && node.kind !== "object") || node.size === 0) return empty;
      return Array.from({ length: node.size }, (_, i) => [
        i,
        node.kind === "object" ? node.key(i) : null,
        subVariant(variant, node.at(i)),
      ]);
    },
    doc: {
      group: "Generators",
      usage: `${name}(variant)`,
      summary: `A row (pos, key, value) per element of a variant array or field of a variant object.${outer ? " Anything else gives one row of NULLs." : ""}`,
      examples: [],
    },
  };
}

export const variantGenerators: readonly GeneratorFunction[] = [
  explodeVariant("variant_explode", false),
  explodeVariant("variant_explode_outer", true),
];
