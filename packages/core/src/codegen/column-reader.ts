/** Reads columns of the input batch in generated code: arrays are looked up once per batch, values once per row. */
import { readDecimal } from "../columnar/decimal-values.ts";
import { valueReader } from "../columnar/value-at.ts";
import { js, number } from "../functions/code.ts";
import type { Code, Emitted } from "../functions/emitter.ts";

import type { DataType, StructType } from "../types/data-type.ts";
import { vectorKindOf } from "../columnar/vector.ts";
import type { FunctionEmitter } from "./emit-context.ts";
import type { RowScope } from "./emit-expression.ts";

/** What a column was looked up to, once per batch. */
interface ColumnCode {
  readonly type: DataType;
  readonly validity: Code | undefined;
  /** `values`, the `bytes`, or a reader function. */
  readonly main: Code;
  readonly starts?: Code;
  readonly ends?: Code;
  readonly children?: readonly ColumnCode[];
}

/** The row `row` of the batch whose vectors are `columns`. */
export class InputRow implements RowScope {
  readonly id: number;
  readonly #out: FunctionEmitter;
  readonly #columns: Code;
  readonly #row: Code;
  readonly #schema: StructType;
  readonly #looked = new Map<number, ColumnCode>();
  readonly #stableBytes: string[] = [];

  constructor(out: FunctionEmitter, schema: StructType, columns: Code, row: Code) {
    this.#out = out;
    this.#schema = schema;
    this.#columns = columns;
    this.#row = row;
    this.id = out.ids.fresh();
  }

  column(ordinal: number): Emitted {
    return this.#load(this.#lookup(ordinal));
  }

  /** The names of the bytes that columns read so far point into: the same for all rows of the batch. */
  stableBytes(): readonly string[] {
    return this.#stableBytes;
  }

  #lookup(ordinal: number): ColumnCode {
    let column = this.#looked.get(ordinal);
    if (column === undefined) {
      const field = this.#schema.fields[ordinal]!;
      column = this.#hoist(js`${this.#columns}[${number(ordinal)}]`, field.type, field.nullable);
      this.#looked.set(ordinal, column);
    }
    return column;
  }

  #hoist(vector: Code, type: DataType, nullable: boolean): ColumnCode {
    const out = this.#out;
    const column = out.fresh("c");
    out.hoist(js`const ${column} = ${vector};`);
    const part = (value: Code): Code => {
      const name = out.fresh("c");
      out.hoist(js`const ${name} = ${value};`);
      return name;
    };
    const validity = nullable ? part(js`${column}.validity`) : undefined;
    switch (type.kind === "variant" ? "map" : vectorKindOf(type)) {
      case "null":
        return { type, validity: undefined, main: column };
      case "bytes": {
        const bytes = part(js`${column}.bytes`);
        this.#stableBytes.push(bytes.__code);
        return { type, validity, main: bytes, starts: part(js`${column}.starts`), ends: part(js`${column}.ends`) };
      }
      case "struct": {
        const children = part(js`${column}.children`);
        const fields = (type as StructType).fields;
        return {
          type,
          validity,
          main: column,
          children: fields.map((f, i) => this.#hoist(js`${children}[${number(i)}]`, f.type, f.nullable)),
        };
      }
      case "list":
      case "map":
        return { type, validity, main: part(js`${out.bind(valueReader)}(${column})`) };
      default:
        return { type, validity, main: part(js`${column}.values`) };
    }
  }

  #load(column: ColumnCode): Emitted {
    const out = this.#out;
    const i = this.#row;
    const { type, validity, main } = column;
    let isNull: Code = js.false;
    if (validity !== undefined) {
      isNull = out.fresh("n");
      out.line(js`const ${isNull} = ${validity} !== null && (${validity}[${i} >> 3] >> (${i} & 7) & 1) === 0;`);
    }
    const value = (code: Code): Code => {
      const name = out.fresh("v");
      out.line(js`const ${name} = ${code};`);
      return name;
    };
    switch (type.kind === "variant" ? "map" : vectorKindOf(type)) {
      case "null":
        return { shape: "fixed", isNull: js.true, value: number(0) };
      case "bool":
        return { shape: "fixed", isNull, value: value(js`(${main}[${i} >> 3] >> (${i} & 7) & 1) === 1`) };
      case "decimal":
        return { shape: "boxed", isNull, value: value(js`${out.bind(readDecimal)}(${main}, ${i})`) };
      case "list":
      case "map":
        return { shape: "boxed", isNull, value: value(js`${main}(${i})`) };
      case "bytes":
        return {
          shape: "bytes",
          isNull,
          bytes: main,
          start: value(js`${column.starts!}[${i}]`),
          end: value(js`${column.ends!}[${i}]`),
        };
      case "struct":
        return { shape: "struct", isNull, fields: column.children!.map((child) => this.#load(child)) };
      default:
        return { shape: "fixed", isNull, value: value(js`${main}[${i}]`) };
    }
  }
}
