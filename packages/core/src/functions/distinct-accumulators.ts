import { arrayType, type DataType, type SqlValue, structType } from "../types/data-type.ts";
import { type DistinctKey, distinctRowKey } from "./aggregates/distinct-keys.ts";
import { valueBytes } from "./aggregates/extremes.ts";
import type { Accumulators } from "./function.ts";

/** The buffer of an aggregate over DISTINCT arguments: the different argument rows seen. */
export function distinctBuffer(
  args: readonly DataType[],
): readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[] {
  const row = structType(args.map((type, i) => ({ name: `_${i + 1}`, type, nullable: true })));
  return [{ name: "distinct", type: arrayType(row, false), nullable: false }];
}

/**
 * Makes an aggregate see each different row of arguments once per group. A row with a NULL argument is passed over, as
 * every aggregate of DISTINCT arguments does (`count(DISTINCT a, b)` counts rows without NULL). The buffer is
 * {@link distinctBuffer}; the inner accumulators hold the running answer, so that `evaluate` costs nothing.
 */
export function distinctAccumulators(inner: Accumulators, args: readonly DataType[]): Accumulators {
  const keyOf = distinctRowKey(args);
  const seen: Map<DistinctKey, readonly SqlValue[]>[] = [];
  const add = (slot: number, row: readonly SqlValue[]): void => {
    if (row.includes(null)) return;
    const rows = seen[slot]!;
    const key = keyOf(row);
    if (rows.has(key)) return;
    rows.set(key, row.slice());
    inner.update(slot, row);
  };
  return {
    ensure(slots) {
      while (seen.length < slots) seen.push(new Map());
      inner.ensure(slots);
    },
    reset(slot) {
      seen[slot] = new Map();
      inner.reset(slot);
    },
    update: add,
    save: (slot) => [[...seen[slot]!.values()]],
    merge(slot, [rows]) {
      for (const row of (rows ?? []) as readonly (readonly SqlValue[])[]) add(slot, row);
    },
    evaluate: (slot) => inner.evaluate(slot),
    memoryBytes() {
      let bytes = inner.memoryBytes?.() ?? 0;
      for (const rows of seen) for (const row of rows.values()) bytes += 2 * valueBytes(row);
      return bytes;
    },
  };
}
