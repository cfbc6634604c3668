/**
 * Writes the output columns of generated code. Fixed-width values go to typed arrays; a string or binary value that points
 * into a buffer known for the whole batch (an input column, a constant) keeps pointing there, others are copied to an
 * arena; arrays, maps and decimals of computed values go through builders. Columns that pass through unchanged do not
 * take part in the loop: they are shared, or gathered by the positions of the rows that are left.
 */
import { gather } from "../columnar/gather.ts";
import { decimalWords, writeDecimal } from "../columnar/decimal-values.ts";
import { allPresent } from "../columnar/validity.ts";
import type { Vector } from "../columnar/vector.ts";
import { numberArray, vectorKindOf } from "../columnar/vector.ts";
import { createBuilder, type VectorBuilder } from "../columnar/vector-builder.ts";
import { MillraceError } from "../errors/index.ts";
import { either, js, number } from "../functions/code.ts";
import type { Code, Emitted } from "../functions/emitter.ts";
import type { DataType } from "../types/data-type.ts";
import type { FunctionEmitter } from "./emit-context.ts";

/** Growing bytes that computed strings are copied to. */
export class ByteArena {
  bytes: Uint8Array = new Uint8Array(1024);
  end = 0;

  /** Copies `source[start, end)` and returns where the copy starts; it ends at {@link end}. */
  append(source: Uint8Array, start: number, end: number): number {
    const at = this.end;
    const size = end - start;
    const next = at + size;
    if (next > this.bytes.length) this.#grow(next);
    const target = this.bytes;
    if (size < 24) for (let i = 0; i < size; i++) target[at + i] = source[start + i]!;
    else target.set(source.subarray(start, end), at);
    this.end = next;
    return at;
  }

  #grow(needed: number): void {
    if (needed > 0x7fff_ffff) throw new MillraceError("COLUMN_BATCH_TOO_LARGE", { bytes: String(needed) });
    const grown = new Uint8Array(Math.min(0x7fff_ffff, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.end));
    this.bytes = grown;
  }
}

type Values = Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array | Uint8Array;

/** The memory of one output column while the loop runs; generated code reads and writes the fields. */
export interface ColumnBuffer {
  values: Values | undefined;
  validity: Uint8Array | undefined;
  hasNulls: boolean;
  starts: Int32Array | undefined;
  ends: Int32Array | undefined;
  bytes: Uint8Array | undefined;
  arena: ByteArena | undefined;
  builder: VectorBuilder | undefined;
}

/** How an output column comes about. */
export type OutputColumn =
  | { readonly kind: "pass"; readonly ordinal: number }
  | {
      readonly kind: "written";
      readonly type: DataType;
      readonly slot: number;
      readonly mayBeNull: boolean;
      readonly form: "values" | "shared" | "arena" | "builder" | "struct" | "null";
      readonly children: readonly OutputColumn[];
    };

/** Emits the writes of one row and remembers how to allocate and finish the columns. */
export class ColumnWriter {
  readonly #out: FunctionEmitter;
  readonly #buffers: Code;
  readonly #position: Code;
  /** Whether a fragment names bytes that are the same for all rows of a batch. */
  readonly #isStable: (bytes: Code) => boolean;
  readonly #epilogue: Code[] = [];
  #slots = 0;

  constructor(out: FunctionEmitter, buffers: Code, position: Code, isStable: (bytes: Code) => boolean) {
    this.#out = out;
    this.#buffers = buffers;
    this.#position = position;
    this.#isStable = isStable;
  }

  get slots(): number {
    return this.#slots;
  }

  /** Statements that run after the loop. */
  get epilogue(): readonly Code[] {
    return this.#epilogue;
  }

  write(value: Emitted, type: DataType, around: Code = js.false): OutputColumn {
    const out = this.#out;
    const slot = this.#slots++;
    const buffer = out.fresh("o");
    out.hoist(js`const ${buffer} = ${this.#buffers}[${number(slot)}];`);
    const k = this.#position;
    const array = (name: Code): Code => {
      const local = out.fresh("o");
      out.hoist(js`const ${local} = ${buffer}.${name};`);
      return local;
    };
    const kind = type.kind === "variant" ? "map" : vectorKindOf(type);
    if (kind === "null") return { kind: "written", type, slot, mayBeNull: true, form: "null", children: [] };
    if (kind === "list" || kind === "map" || (value.shape === "boxed" && kind !== "decimal")) {
      const isNull = either(around, value.isNull);
      const boxed = out.box({ ...value, isNull }, type);
      out.line(js`${array(js`builder`)}.append(${boxed});`);
      return { kind: "written", type, slot, mayBeNull: true, form: "builder", children: [] };
    }
    const mayBeNull = value.isNull !== js.false;
    if (mayBeNull) {
      const validity = array(js`validity`);
      const seen = out.fresh("o");
      out.hoist(js`let ${seen} = false;`);
      this.#epilogue.push(js`${buffer}.hasNulls = ${seen};`);
      out.line(js`if (${value.isNull}) { ${validity}[${k} >> 3] &= ~(1 << (${k} & 7)); ${seen} = true; }`);
    }
    const present = (code: Code): void => out.line(mayBeNull ? js`else { ${code} }` : code);
    const written = (
      form: "values" | "shared" | "arena" | "struct",
      children: readonly OutputColumn[] = [],
    ): OutputColumn => ({
      kind: "written",
      type,
      slot,
      mayBeNull,
      form,
      children,
    });
    switch (value.shape) {
      case "bytes": {
        const [starts, ends] = [array(js`starts`), array(js`ends`)];
        if (this.#isStable(value.bytes)) {
          present(js`${starts}[${k}] = ${value.start}; ${ends}[${k}] = ${value.end};`);
          this.#epilogue.push(js`${buffer}.bytes = ${value.bytes};`);
          return written("shared");
        }
        const arena = array(js`arena`);
        present(
          js`${starts}[${k}] = ${arena}.append(${value.bytes}, ${value.start}, ${value.end}); ${ends}[${k}] = ${arena}.end;`,
        );
        return written("arena");
      }
      case "struct": {
        const fields = (type as Extract<DataType, { readonly kind: "struct" }>).fields;
        const isNull = either(around, value.isNull);
        return written(
          "struct",
          value.fields.map((f, i) => this.write(f, fields[i]!.type, isNull)),
        );
      }
      case "boxed":
        if (value.exact !== undefined) {
          const words = out.fresh("o");
          out.hoist(js`const ${words} = ${out.bind(decimalWords)}(${buffer}.values);`);
          const { number: x, wide } = value.exact;
          const short = js`${words}[4 * ${k}] = ${x}; ${words}[4 * ${k} + 1] = Math.floor(${x} / 4294967296); ${words}[4 * ${k} + 2] = ${words}[4 * ${k} + 3] = ${x} < 0 ? -1 : 0;`;
          if (wide === undefined) present(short);
          else
            present(
              js`if (${x} === ${x}) { ${short} } else ${out.bind(writeDecimal)}(${array(js`values`)}, ${k}, ${wide});`,
            );
          return written("values");
        }
        present(js`${out.bind(writeDecimal)}(${array(js`values`)}, ${k}, ${value.value});`);
        return written("values");
      case "fixed": {
        const values = array(js`values`);
        if (kind === "bool") present(js`if (${value.value}) ${values}[${k} >> 3] |= 1 << (${k} & 7);`);
        else present(js`${values}[${k}] = ${value.value};`);
        return written("values");
      }
    }
  }
}

/** Memory for `capacity` rows of the columns. */
export function allocateBuffers(columns: readonly OutputColumn[], capacity: number): ColumnBuffer[] {
  const buffers: ColumnBuffer[] = [];
  const visit = (column: OutputColumn): void => {
    if (column.kind === "pass") return;
    buffers[column.slot] = allocate(column, capacity);
    column.children.forEach(visit);
  };
  columns.forEach(visit);
  return buffers;
}

function allocate(column: Extract<OutputColumn, { readonly kind: "written" }>, capacity: number): ColumnBuffer {
  const bytes = column.form === "shared" || column.form === "arena";
  return {
    values: column.form === "values" ? valuesFor(column.type, capacity) : undefined,
    validity:
      column.mayBeNull && column.form !== "builder" && column.form !== "null" ? allPresent(capacity) : undefined,
    hasNulls: false,
    starts: bytes ? new Int32Array(capacity) : undefined,
    ends: bytes ? new Int32Array(capacity) : undefined,
    bytes: undefined,
    arena: column.form === "arena" ? new ByteArena() : undefined,
    builder: column.form === "builder" ? createBuilder(column.type, Math.min(capacity, 1024)) : undefined,
  };
}

function valuesFor(type: DataType, capacity: number): Values {
  const kind = vectorKindOf(type);
  return kind === "bool" ? new Uint8Array((capacity + 7) >> 3) : numberArray(kind, capacity);
}

/**
 * The finished vector of `length` rows.
 * @param selection positions of the input rows behind the output rows; null when every input row is there once, in order
 */
export function finishColumn(
  column: OutputColumn,
  buffers: readonly ColumnBuffer[],
  length: number,
  input: readonly Vector[],
  selection: Int32Array | null,
): Vector {
  if (column.kind === "pass") {
    const vector = input[column.ordinal]!;
    return selection === null ? vector : gather(vector, selection, length);
  }
  const { type } = column;
  const buffer = buffers[column.slot]!;
  const validity = buffer.hasNulls ? buffer.validity! : null;
  switch (column.form) {
    case "null":
      return { kind: "null", type, length, validity: null };
    case "builder":
      return buffer.builder!.finish();
    case "struct": {
      const children = column.children.map((child) => finishColumn(child, buffers, length, input, selection));
      return { kind: "struct", type, length, validity, children };
    }
    case "shared":
    case "arena": {
      const bytes = column.form === "shared" ? buffer.bytes! : buffer.arena!.bytes.subarray(0, buffer.arena!.end);
      return { kind: "bytes", type, length, validity, bytes, starts: buffer.starts!, ends: buffer.ends! };
    }
    case "values":
      return { kind: vectorKindOf(type), type, length, validity, values: buffer.values! } as Vector;
  }
}
