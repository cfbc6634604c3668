/** listagg(expr[, separator]) [WITHIN GROUP (ORDER BY …)]: texts joined. */
import { arrayType, binaryType, type DataType, type SqlValue, stringType, structType } from "../../types/data-type.ts";
import type { AggregateFunction, Signature } from "../function.ts";
import { coerceArgument, requireLiteral } from "../resolution.ts";
import { valueBytes } from "./extremes.ts";
import { objectAccumulators } from "./object-accumulators.ts";
import { findOrder, rowOrder } from "./ordered.ts";

/** What is kept of a row: the text, and the keys of the order. */
function rowType({ args, returns }: Signature): DataType {
  const keys = args.slice(3).map((type, i) => ({ name: `k${i}`, type, nullable: true }));
  return structType([{ name: "value", type: returns, nullable: false }, ...keys]);
}

function joined(values: readonly SqlValue[], separator: SqlValue): SqlValue {
  if (typeof values[0] === "string") return values.join((separator as string | null) ?? "");
  const between = (separator as Uint8Array | null) ?? new Uint8Array(0);
  const bytes: number[] = [];
  values.forEach((value, i) => {
    if (i > 0) bytes.push(...between);
    bytes.push(...(value as Uint8Array));
  });
  return Uint8Array.from(bytes);
}

export const listagg: AggregateFunction = {
  name: "listagg",
  aliases: ["string_agg"],
  since: "0.2.0",
  arity: [1, 2],
  withinGroup: { keys: [1, Number.POSITIVE_INFINITY], required: false, plain: 2, distinct: true },
  resolve(args, call) {
    const type = args[0]!.type.kind === "binary" ? binaryType : coerceArgument(args[0]!, stringType, 0, call);
    const order = findOrder(args);
    const rest = order < 0 ? [] : args.slice(order).map((arg) => arg.type);
    const separator = args[1];
    if (separator !== undefined) {
      requireLiteral(separator, "delimiter", call);
      coerceArgument(separator, type, 1, call);
    }
    return { args: [type, ...(separator === undefined ? [] : [type]), ...rest], returns: type };
  },
  nullable: true,
  orderIndependent: false,
  buffer: (signature) => [{ name: "buf", type: arrayType(rowType(signature), false), nullable: true }],
  bind(signature, _context, infos) {
    const order = findOrder(infos);
    const separator = infos[1]?.literal?.value ?? null;
    const compare =
      order < 0 ? undefined : rowOrder(String(infos[order]!.literal!.value), signature.args.slice(order + 1));
    return objectAccumulators<(readonly SqlValue[])[]>({
      create: () => [],
      update(state, row) {
        if (row[0] !== null) state.push([row[0]!, ...(order < 0 ? [] : row.slice(order + 1))]);
        return state;
      },
      save: (state) => [[...state]],
      merge(state, [rows]) {
        state.push(...((rows ?? []) as readonly (readonly SqlValue[])[]));
        return state;
      },
      evaluate(state) {
        if (state.length === 0) return null;
        const rows = compare === undefined ? state : state.toSorted((a, b) => compare(a.slice(1), b.slice(1)));
        return joined(
          rows.map(([value]) => value!),
          separator,
        );
      },
      memoryBytes: valueBytes,
    });
  },
  doc: {
    group: "Aggregate",
    usage: "listagg(expr[, separator]) [WITHIN GROUP (ORDER BY expr, …)], string_agg(…)",
    summary:
      "The texts that are not NULL one after the other, with a separator between them, in the order given or that of the rows; NULL for none.",
    examples: [{ sql: "listagg('a', ',')", result: "a" }],
  },
};
