/** SCHEMA_OF_JSON: the type that a JSON text would have in a file, by Spark's rules. */
import { MillraceError } from "../../errors/index.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  type DataType,
  decimalType,
  doubleType,
  field,
  nullType,
  stringType,
  structType,
  timestampType,
} from "../../types/data-type.ts";
import { sqlName } from "../../types/type-names.ts";
import { parseTimestamp } from "../datetime-text.ts";
import { widerDecimal } from "../decimal.ts";
import type { ScalarFunction } from "../function.ts";
import { isList, JsonNumber, type JsonTree, parseJson } from "../json-text.ts";
import { requireLiteral } from "../resolution.ts";
import { requireOptions, type TextOptions, textOptions } from "../text-options.ts";
import { timeZoneOf } from "../time-zone.ts";
import { leniencyOf } from "./json.ts";
import { example, stringFunction } from "./string-function.ts";

function typeOfTree(tree: JsonTree, options: TextOptions): DataType {
  const asText = options.flag("primitivesAsString", false);
  if (tree === null) return nullType;
  if (typeof tree === "string") {
    const isTime = options.flag("inferTimestamp", false) && parseTimestamp(tree, timeZoneOf("UTC")) !== undefined;
    return isTime ? timestampType : stringType;
  }
  if (typeof tree === "boolean") return asText ? stringType : booleanType;
  if (tree instanceof JsonNumber) return asText ? stringType : typeOfNumber(tree.text, options);
  if (isList(tree))
    return arrayType(tree.map((item) => typeOfTree(item, options)).reduce((a, b) => commonType(a, b), nullType));
  const fields = [...tree].map(([name, value]) => field(name, typeOfTree(value, options)));
  return structType(fields.sort((a, b) => (a.name < b.name ? -1 : 1)));
}
function typeOfNumber(text: string, options: TextOptions): DataType {
  if (/[NI]/.test(text)) return doubleType;
  const digits = text.replace(/^-/, "").replace(/^0+(?=\d)/, "");
  if (!/[.eE]/.test(text)) {
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) === value) return bigintType;
    return digits.length <= 38 ? decimalType(digits.length, 0) : doubleType;
  }
  const point = digits.indexOf(".");
  const precision = digits.replace(".", "").length;
  if (!options.flag("prefersDecimal", false) || /[eE]/.test(text) || precision > 38) return doubleType;
  return decimalType(precision, digits.length - point - 1);
}
/** The type of values of both types; texts when they have nothing in common. */
function commonType(a: DataType, b: DataType): DataType {
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (a.kind === "struct" && b.kind === "struct") {
    const fields = new Map(a.fields.map((f) => [f.name, f.type]));
    for (const f of b.fields) fields.set(f.name, commonType(fields.get(f.name) ?? nullType, f.type));
    return structType([...fields].map(([name, type]) => field(name, type)).sort((x, y) => (x.name < y.name ? -1 : 1)));
  }
  if (a.kind === "array" && b.kind === "array") return arrayType(commonType(a.element, b.element));
  if (a.kind === "decimal" && b.kind === "decimal") return widerDecimal(a, b);
  if (a.kind === b.kind) return a;
  const numbers = [a, b].map(({ kind }) => kind);
  if (numbers.every((kind) => kind === "bigint" || kind === "double" || kind === "decimal")) {
    if (numbers.includes("double")) return doubleType;
    return widerDecimal(decimalType(20, 0), (a.kind === "decimal" ? a : b) as ReturnType<typeof decimalType>);
  }
  return stringType;
}
/** What was never more than NULL is text. */
function settled(type: DataType): DataType {
  if (type.kind === "null") return stringType;
  if (type.kind === "array") return arrayType(settled(type.element));
  if (type.kind === "struct") return structType(type.fields.map((f) => field(f.name, settled(f.type))));
  return type;
}

export const jsonSchema: readonly ScalarFunction[] = [
  stringFunction({
    group: "JSON",
    name: "schema_of_json",
    arity: [1, 2],
    resolve: (args, call) => {
      const json = requireLiteral(args[0], "json", call);
      if (json === null)
        throw new MillraceError("DATATYPE_MISMATCH.UNEXPECTED_NULL", { sqlExpr: call.sql, exprName: "json" });
      requireOptions("schema_of_json", args[1], call, false);
      return { args: [stringType, ...args.slice(1).map(({ type }) => type)], returns: stringType };
    },
    bind: (_types, _context, args) => {
      const options = textOptions(args[1]);
      const leniency = leniencyOf(options);
      return (json) => {
        const text = json as string;
        const tree = text.trim() === "" ? null : parseJson(text, leniency);
        if (tree === undefined)
          throw new MillraceError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", {
            badRecord: text,
            where: "schema_of_json",
            reason: "it is no JSON",
            failFastMode: "FAILFAST",
          });
        return sqlName(settled(typeOfTree(tree, options)));
      };
    },
    usage: "schema_of_json(json[, options])",
    summary: "The schema of a constant JSON text, in the form that from_json takes.",
    examples: example("schema_of_json('[{\"col\":0}]')", "ARRAY<STRUCT<col: BIGINT>>"),
  }),
];
