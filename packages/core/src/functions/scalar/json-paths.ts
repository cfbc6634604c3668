/** Looking into JSON text: by path, by key, and counting. */
import { MillraceError } from "../../errors/index.ts";
import { arrayType, intType, stringType } from "../../types/data-type.ts";
import type { GeneratorFunction, ScalarFunction } from "../function.ts";
import { isList, isObject, type JsonLeniency, JsonNumber, type JsonTree, parseJson, printJson } from "../json-text.ts";
import { signature } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

type Step = { readonly key: string } | { readonly index: number } | "each" | "member";
/** `$.a['b'][0][*]` as steps, or undefined for a malformed path. `.*` is read and finds nothing, as in Spark. */
function pathOf(path: string): readonly Step[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: Step[] = [];
  const grammar = /(\.\*|\['\*'\])|(\[\*\])|\.([^.[]+)|\['([^'?]+)'\]|\[(\d+)\]/y;
  grammar.lastIndex = 1;
  while (grammar.lastIndex < path.length) {
    const match = grammar.exec(path);
    if (match === null) return undefined;
    const [, member, each, key, quoted, index] = match;
    if (member !== undefined) steps.push("member");
    else if (each !== undefined) steps.push("each");
    else if (index !== undefined) steps.push({ index: Number(index) });
    else steps.push({ key: (key ?? quoted)! });
  }
  return steps;
}

/** How a found value is written: texts bare, texts in quotes, or the elements of arrays one by one. */
type Style = "raw" | "quoted" | "flat";

/** Appends what a path finds in a tree to `out`, and says whether it found anything. */
function follow(tree: JsonTree, steps: readonly Step[], at: number, style: Style, out: string[]): boolean {
  const step = steps[at];
  if (step === undefined) {
    if (style === "flat" && isList(tree)) return some(tree, (item) => follow(item, steps, at, style, out));
    out.push(style === "raw" && typeof tree === "string" ? tree : printJson(tree));
    return true;
  }
  if (tree === null || typeof tree !== "object" || tree instanceof JsonNumber || step === "member") return false;
  if (isObject(tree)) {
    const value = typeof step === "object" && "key" in step ? tree.get(step.key) : undefined;
    return value !== undefined && value !== null && follow(value, steps, at + 1, style, out);
  }
  if (step !== "each") {
    const item = "index" in step ? tree[step.index] : undefined;
    return item !== undefined && follow(item, steps, at + 1, steps[at + 1] === "each" ? "quoted" : style, out);
  }
  const found: string[] = [];
  if (steps[at + 1] === "each") {
    const any = some(tree, (item) => follow(item, steps, at + 2, "flat", found));
    out.push(`[${found.join(",")}]`);
    return any;
  }
  if (style === "quoted") {
    const any = some(tree, (item) => follow(item, steps, at + 1, style, found));
    out.push(`[${found.join(",")}]`);
    return any;
  }
  const inner: Style = style === "raw" ? "quoted" : style;
  const hits = tree.filter((item) => follow(item, steps, at + 1, inner, found)).length;
  // A single hit stands without brackets.
  if (hits > 0) out.push(hits === 1 ? found.join(",") : `[${found.join(",")}]`);
  return hits > 0;
}
/** As `some`, but every item is looked at. */
function some(items: readonly JsonTree[], test: (item: JsonTree) => boolean): boolean {
  return items.filter(test).length > 0;
}

const lenient: JsonLeniency = { singleQuotes: true, trailing: true, firstKey: true };

const getJsonObject = stringFunction({
  group: "JSON",
  name: "get_json_object",
  arity: [2, 2],
  resolve: signature([stringType], stringType),
  canReturnNull: true,
  bind: () => {
    let last: string | undefined;
    let steps: readonly Step[] | undefined;
    return (json, path) => {
      if (path !== last) {
        last = path as string;
        steps = pathOf(last);
      }
      const tree = steps === undefined ? undefined : parseJson(json as string, lenient);
      if (steps === undefined || tree === undefined) return null;
      const out: string[] = [];
      return follow(tree, steps, 0, "raw", out) ? out.join("") : null;
    };
  },
  usage: "get_json_object(json, path)",
  summary:
    "The value at a path such as $.a['b'][0] or $.a[*].b as text; NULL when there is none or the JSON is malformed.",
  examples: example("get_json_object('{\"a\":{\"b\":[1,2]}}', '$.a.b[1]')", "2"),
});

const arrayLength = stringFunction({
  group: "JSON",
  name: "json_array_length",
  arity: [1, 1],
  resolve: signature([stringType], intType),
  canReturnNull: true,
  bind: () => (json) => {
    const tree = parseJson(json as string, lenient);
    return tree !== undefined && isList(tree) ? tree.length : null;
  },
  usage: "json_array_length(json)",
  summary: "How many elements a JSON array has; NULL for anything else.",
  examples: example("json_array_length('[1,2,3,4]')", "4"),
});

const objectKeys = stringFunction({
  group: "JSON",
  name: "json_object_keys",
  arity: [1, 1],
  resolve: signature([stringType], arrayType(stringType, true)),
  canReturnNull: true,
  bind: () => (json) => {
    const keys: string[] = [];
    const tree = parseJson(json as string, { ...lenient, onKey: (key) => keys.push(key) });
    return tree !== undefined && isObject(tree) ? keys : null;
  },
  usage: "json_object_keys(json)",
  summary: "The keys of the outermost JSON object; NULL for anything else.",
  examples: example('json_object_keys(\'{"f1":"abc","f2":{"f3":"a"}}\')', "[f1, f2]"),
});

export const jsonPaths: readonly ScalarFunction[] = [getJsonObject, arrayLength, objectKeys];

/** json_tuple(json, key, …): a row with the values of some keys as texts. */
export const jsonTuple: GeneratorFunction = {
  name: "json_tuple",
  since: "0.2.0",
  arity: [2, Number.POSITIVE_INFINITY],
  outer: false,
  resolve(args, call) {
    if (args.some(({ type }) => type.kind !== "string" && type.kind !== "null"))
      throw new MillraceError("DATATYPE_MISMATCH.NON_STRING_TYPE", { sqlExpr: call.sql, funcName: "`json_tuple`" });
    return {
      args: args.map(() => stringType),
      returns: args.slice(1).map((_, i) => ({ name: `c${i}`, type: stringType, nullable: true })),
    };
  },
  bind:
    () =>
    (json, ...keys) => {
      const tree = typeof json === "string" ? parseJson(json, lenient) : undefined;
      if (tree === undefined || !isObject(tree)) return [keys.map(() => null)];
      const row = keys.map((key) => {
        const value = typeof key === "string" ? tree.get(key) : undefined;
        return value === undefined || value === null ? null : typeof value === "string" ? value : printJson(value);
      });
      return [row];
    },
  doc: {
    group: "Generators",
    usage: "json_tuple(json, key, …)",
    summary:
      "One row with the values of keys of a JSON object as texts, in columns c0, c1 …; NULL where there is none.",
    examples: [],
  },
};
