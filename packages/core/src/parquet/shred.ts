/** Takes nested vectors apart: levels and positions of the values of each leaf. */
import { isValid, type Vector } from "../columnar/vector.ts";
import { grown } from "./byte-ranges.ts";
import type { WriteLeaf, WriteStep } from "./write-schema.ts";

/** Levels of a leaf for some rows, and where its present values are in the leaf's vector. */
export class Shredded {
  definitions: Uint8Array = new Uint8Array(1024);
  repetitions: Uint8Array = new Uint8Array(1024);
  entries = 0;
  positions: Int32Array = new Int32Array(1024);
  present = 0;

  entry(definition: number, repetition: number): void {
    if (this.entries === this.definitions.length) {
      this.definitions = doubled(this.definitions);
      this.repetitions = doubled(this.repetitions);
    }
    this.definitions[this.entries] = definition;
    this.repetitions[this.entries++] = repetition;
  }

  value(position: number): void {
    if (this.present === this.positions.length) this.positions = grown(this.positions, this.present * 2);
    this.positions[this.present++] = position;
  }
}

function doubled(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length * 2);
  result.set(bytes);
  return result;
}

/** The vector of a leaf's values below a column. */
export function leafVector(column: Vector, leaf: WriteLeaf): Vector {
  let vector = column;
  for (const { into } of leaf.steps) vector = childOf(vector, into);
  return vector;
}

function childOf(vector: Vector, into: WriteStep["into"]): Vector {
  if (into.kind === "field" && vector.kind === "struct") return vector.children[into.index]!;
  if (into.kind === "element" && vector.kind === "list") return vector.child;
  if (into.kind === "entry" && vector.kind === "map") return into.index === 0 ? vector.keys : vector.values;
  return vector;
}

/** Rows `[from, to)` of a column for one of its leaves; `target` is emptied first. */
export function shred(column: Vector, leaf: WriteLeaf, from: number, to: number, target: Shredded): void {
  target.entries = 0;
  target.present = 0;
  const { steps } = leaf;
  if (steps.length === 1) {
    const optional = steps[0]!.optional;
    for (let i = from; i < to; i++) {
      const present = !optional || isValid(column, i);
      target.entry(optional && present ? 1 : 0, 0);
      if (present) target.value(i);
    }
    return;
  }
  const walk = (
    vector: Vector,
    step: number,
    at: number,
    definition: number,
    repetition: number,
    depth: number,
  ): void => {
    const { optional, into } = steps[step]!;
    if (optional && !isValid(vector, at)) {
      target.entry(definition, repetition);
      return;
    }
    const level = definition + (optional ? 1 : 0);
    const child = childOf(vector, into);
    if (into.kind === "value") {
      target.entry(level, repetition);
      target.value(at);
    } else if (vector.kind === "list" || vector.kind === "map") {
      const start = vector.offsets[at]!;
      const end = vector.offsets[at + 1]!;
      if (start === end) target.entry(level, repetition);
      for (let k = start; k < end; k++) {
        walk(child, step + 1, k, level + 1, k === start ? repetition : depth + 1, depth + 1);
      }
    } else walk(child, step + 1, at, level, repetition, depth);
  };
  for (let i = from; i < to; i++) walk(column, 0, i, 0, 0, 0);
}
