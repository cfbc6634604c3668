/** Reads columns of the input batch in generated code: arrays are looked up once per batch, values once per row. */
import { decimalWords, readDecimal } from "../columnar/decimal-values.ts";
import { valueReader } from "../columnar/value-at.ts";
import { js, number } from "../functions/code.ts";
import type { Code, Emitted } from "../functions/emitter.ts";

import { alwaysExact, exactBound, exactDecimal, exactLimit } from "../functions/exact-decimal.ts";
import type { DataType, DecimalType, StructType } from "../types/data-type.ts";
import { vectorKindOf } from "../columnar/vector.ts";
import type { FunctionEmitter } from "./emit-context.ts";
import type { RowScope } from "./emit-expression.ts";

/** What a column was looked up to, once per batch. */
interface ColumnCode {
  readonly type: DataType;
  readonly validity: Code | undefined;
  /** `values`, the `bytes`, or a reader function. */
  readonly main: Code;
  /** The 32-bit words of decimals. */
  readonly words?: Code;
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

  /** Whether a fragment names the bytes that a column read so far points into: the same for all rows of the batch. */
  isStable(bytes: Code): boolean {
    return this.#stableBytes.includes(bytes.__code);
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
      case "decimal":
        return {
          type,
          validity,
          main: part(js`${column}.values`),
          words: part(js`${out.bind(decimalWords)}(${column}.values)`),
        };
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
        return this.#loadDecimal(type as DecimalType, isNull, main, column.words!);
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

  /** The low words of a decimal as a double; the bigint is read where they are not all of it. */
  #loadDecimal(type: DecimalType, isNull: Code, values: Code, words: Code): Emitted {
    const out = this.#out;
    const i = this.#row;
    const name = out.fresh("v");
    const word = (k: number): Code => js`${words}[4 * ${i} + ${number(k)}]`;
    const bound = exactBound(type);
    if (type.precision <= 9) {
      out.line(js`const ${name} = ${word(0)};`);
      return exactDecimal(out, isNull, { number: name, bound });
    }
    const low = js`${word(1)} * 4294967296 + (${word(0)} >>> 0)`;
    if (alwaysExact(type)) {
      out.line(js`const ${name} = ${low};`);
      return exactDecimal(out, isNull, { number: name, bound });
    }
    const limit = number(exactLimit);
    const near = js`${name} < ${limit} && ${name} > -${limit}`;
    const sign = js`${word(1)} >> 31`;
    const short = type.precision <= 18;
    out.line(js`let ${name} = ${low};`);
    out.line(
      js`if (!(${short ? near : js`${near} && ${word(2)} === ${sign} && ${word(3)} === ${sign}`})) ${name} = NaN;`,
    );
    return exactDecimal(out, isNull, { number: name, wide: js`${out.bind(readDecimal)}(${values}, ${i})`, bound });
  }
}
