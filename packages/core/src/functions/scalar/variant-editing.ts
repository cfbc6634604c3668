/** Functions that give a VARIANT with another content. */
import { asVariant, type Variant } from "../../columnar/variant-reader.ts";
import { MillraceError } from "../../errors/index.ts";
import { booleanType, type SqlValue, stringType, variantType } from "../../types/data-type.ts";
import type { ScalarFunction } from "../function.ts";
import { type CallInfo, requireLiteral, unexpectedInput } from "../resolution.ts";
import { parseVariantPath, toVariant, type VariantStep } from "../variant-casts.ts";
import { quotedType } from "../type-text.ts";
import { editVariant, isValidVariant, stripNulls, type VariantEdit } from "../variant-edits.ts";
import { canBecomeVariant, variantFunction } from "./variant.ts";

function requireVariant(args: Parameters<ScalarFunction["resolve"]>[0], call: CallInfo): void {
  const { kind } = args[0]!.type;
  if (kind !== "variant" && kind !== "null") throw unexpectedInput(args[0]!, "VARIANT", 0, call);
}
function stepsOf(path: string, functionName: string, root: boolean): readonly VariantStep[] {
  const steps = parseVariantPath(path);
  if (steps !== undefined && (root || steps.length > 0)) return steps;
  throw new MillraceError("INVALID_VARIANT_PATH", { path: `'${path}'`, functionName: `\`${functionName}\`` });
}
/** NULL for the errors that a `try_` function swallows: those of the value, not of the path. */
function orNull(run: () => Variant): SqlValue {
  try {
    return run() as unknown as SqlValue;
  } catch (error) {
    if (
      error instanceof MillraceError &&
      (error.errorClass === "VARIANT_PATH_TYPE_MISMATCH" || error.errorClass === "VARIANT_DUPLICATE_KEY")
    )
      return null;
    throw error;
  }
}

function editing(
  name: string,
  op: "insert" | "set" | "append",
  tolerant: boolean,
  summary: string,
  example: readonly [string, string],
): ScalarFunction {
  return variantFunction({
    name,
    arity: op === "set" ? [3, 4] : [3, 3],
    resolve(args, call) {
      requireVariant(args, call);
      const { type } = args[2]!;
      if (type.kind !== "null" && !canBecomeVariant(type))
        throw new MillraceError("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", {
          sqlExpr: call.sql,
          srcType: quotedType(type),
          targetType: quotedType(variantType),
        });
      const path = args[1]!.literal?.value;
      if (typeof path === "string") stepsOf(path, name, op === "append");
      if (args[3] !== undefined) requireLiteral(args[3], "create_if_missing", call);
      return { args: [variantType, stringType, type, booleanType].slice(0, args.length), returns: variantType };
    },
    canReturnNull: tolerant,
    bind({ args }) {
      const convert = args[2]!.kind === "variant" ? asVariant : (v: SqlValue) => asVariant(toVariant(args[2]!)(v));
      let last: string | undefined;
      let steps: readonly VariantStep[] = [];
      return (variant, path, value, create = true) => {
        if (path !== last) {
          steps = stepsOf(path as string, name, op === "append");
          last = path as string;
        }
        const edit: VariantEdit =
          op === "append" ? { op, value: convert(value!) } : { op, value: convert(value!), create: create as boolean };
        const run = (): Variant => editVariant(asVariant(variant!), path as string, steps, edit, name);
        return tolerant ? orNull(run) : (run() as unknown as SqlValue);
      };
    },
    usage: `${name}(variant, path, value${op === "set" ? "[, create]" : ""})`,
    summary: summary + (tolerant ? " NULL where the path does not fit." : ""),
    examples: [example],
  });
}
const insertSummary = "The variant with a value at a path: a new field, or an element before which the others stay.";
const setSummary =
  "The variant with a value at a path in place of what is there; what is missing is made unless told not to.";
const appendSummary =
  "The variant with a value behind the last of the array at a path; as it is when nothing is there.";

const deleting = variantFunction({
  name: "variant_delete",
  arity: [2, Number.POSITIVE_INFINITY],
  resolve(args, call) {
    requireVariant(args, call);
    for (const { literal } of args.slice(1))
      if (typeof literal?.value === "string") stepsOf(literal.value, "variant_delete", false);
    return { args: [variantType, ...args.slice(1).map(() => stringType)], returns: variantType };
  },
  nulls: "custom",
  canReturnNull: (args) => args[0]!.nullable,
  bind:
    () =>
    (variant, ...paths) =>
      variant === null
        ? null
        : (paths.reduce<Variant>(
            (rest, path) =>
              path === null
                ? rest
                : editVariant(
                    rest,
                    path as string,
                    stepsOf(path as string, "variant_delete", false),
                    { op: "delete" },
                    "variant_delete",
                  ),
            asVariant(variant!),
          ) as unknown as SqlValue),
  usage: "variant_delete(variant, path, …)",
  summary: "The variant without what is at the paths, one after the other; NULL paths are passed over.",
  examples: [["variant_delete(parse_json('{\"a\": 1, \"items\": [1, 2]}'), '$.a', '$.items[0]')", '{"items":[2]}']],
});

export const variantEditing: readonly ScalarFunction[] = [
  ...[false, true].flatMap((tolerant) => {
    const prefix = tolerant ? "try_" : "";
    return [
      editing(`${prefix}variant_insert`, "insert", tolerant, insertSummary, [
        `${prefix}variant_insert(parse_json('["a","b"]'), '$[1]', 'z')`,
        '["a","z","b"]',
      ]),
      editing(`${prefix}variant_set`, "set", tolerant, setSummary, [
        `${prefix}variant_set(parse_json('{"a": {"b": 1}}'), '$.a.c.d', 2)`,
        '{"a":{"b":1,"c":{"d":2}}}',
      ]),
      editing(`${prefix}variant_array_append`, "append", tolerant, appendSummary, [
        `${prefix}variant_array_append(parse_json('{"a": [1, 2]}'), '$.a', 3)`,
        '{"a":[1,2,3]}',
      ]),
    ];
  }),
  deleting,
  variantFunction({
    name: "variant_strip_nulls",
    arity: [1, 2],
    resolve(args, call) {
      requireVariant(args, call);
      if (args[1] !== undefined) requireLiteral(args[1], "include_arrays", call);
      return { args: [variantType, booleanType].slice(0, args.length), returns: variantType };
    },
    bind:
      () =>
      (variant, arrays = true) =>
        stripNulls(asVariant(variant!), arrays as boolean) as unknown as SqlValue,
    usage: "variant_strip_nulls(variant[, arrays])",
    summary: "The variant without fields that are null, and without such elements unless told not to.",
    examples: [['variant_strip_nulls(parse_json(\'{"a": {"b": null, "c": [1, null]}}\'))', '{"a":{"c":[1]}}']],
  }),
  variantFunction({
    name: "is_valid_variant",
    arity: [1, 1],
    resolve(args, call) {
      requireVariant(args, call);
      return { args: [variantType], returns: booleanType };
    },
    bind: () => (variant) => isValidVariant(asVariant(variant!)),
    usage: "is_valid_variant(variant)",
    summary: "Whether the bytes of a variant are well-formed.",
    examples: [['is_valid_variant(parse_json(\'[{"b":true,"a":0}]\'))', "true"]],
  }),
];
