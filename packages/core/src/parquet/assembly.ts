/** Puts nested vectors together from the values and levels of their leaves (Dremel's record assembly, by columns). */
import { nullVector } from "../columnar/gather.ts";
import type { Validity, Vector } from "../columnar/vector.ts";
import { assertInvariant } from "../errors/index.ts";
import { ParquetFormatError } from "./format-error.ts";
import type { LeafBatch } from "./leaf-reader.ts";
import type { GroupPlan, MissingPlan, ReadPlan } from "./read-plan.ts";

/** The vector of a column with `length` slots. */
export function assemble(plan: ReadPlan, leaves: readonly LeafBatch[], length: number): Vector {
  switch (plan.kind) {
    case "missing":
      return missing(plan, length);
    case "leaf": {
      const { vector } = leaves[plan.leaf]!;
      if (vector.length !== length) throw new ParquetFormatError("columns of a nested value have different lengths");
      return vector;
    }
    case "struct": {
      const validity = validityOf(plan, leaves[plan.leaf]!, length);
      const children = plan.children.map((child) => assemble(child, leaves, length));
      return { kind: "struct", type: plan.type, length, validity, children };
    }
    case "list":
    case "map": {
      const levels = leaves[plan.leaf]!;
      const validity = validityOf(plan, levels, length);
      const offsets = offsetsOf(plan, levels, length);
      const items = offsets[length]!;
      const children = plan.children.map((child) => assemble(child, leaves, items));
      if (plan.kind === "list") {
        return { kind: "list", type: plan.type, length, validity, offsets, child: children[0]! };
      }
      assertInvariant(children.length === 2, "a map has keys and values");
      return { kind: "map", type: plan.type, length, validity, offsets, keys: children[0]!, values: children[1]! };
    }
  }
}

const missingVectors = new WeakMap<MissingPlan, Vector>();

/** Nulls; batches of one length share them. */
function missing(plan: MissingPlan, length: number): Vector {
  const known = missingVectors.get(plan);
  if (known !== undefined && known.length === length) return known;
  const vector = nullVector(plan.type, length);
  missingVectors.set(plan, vector);
  return vector;
}

function validityOf(plan: GroupPlan, levels: LeafBatch, length: number): Validity {
  if (!plan.optional) return null;
  const { definitions, repetitions, entries } = levels;
  const { contextDefinition, contextRepetition, definition } = plan;
  const bits = new Uint8Array((length + 7) >> 3);
  let slot = 0;
  let present = 0;
  for (let i = 0; i < entries; i++) {
    const level = definitions[i]!;
    if (repetitions[i]! > contextRepetition || level < contextDefinition) continue;
    if (level >= definition) {
      bits[slot >> 3]! |= 1 << (slot & 7);
      present++;
    }
    slot++;
  }
  if (slot !== length) throw new ParquetFormatError("columns of a nested value have different lengths");
  return present === length ? null : bits;
}

function offsetsOf(plan: GroupPlan, levels: LeafBatch, length: number): Int32Array {
  const { definitions, repetitions, entries } = levels;
  const { contextDefinition, contextRepetition, itemDefinition, itemRepetition } = plan;
  const offsets = new Int32Array(length + 1);
  let slot = -1;
  let items = 0;
  for (let i = 0; i < entries; i++) {
    const level = definitions[i]!;
    if (level < contextDefinition) continue;
    const depth = repetitions[i]!;
    if (depth <= contextRepetition) {
      slot++;
      offsets[slot] = items;
    }
    if (depth <= itemRepetition && level >= itemDefinition) items++;
  }
  if (slot + 1 !== length) throw new ParquetFormatError("columns of a nested value have different lengths");
  offsets[length] = items;
  return offsets;
}
