/** The loops over the fields of a `RowCodec` as generated code, one for each schema. */
import { FunctionEmitter } from "../codegen/emit-context.ts";
import { rowConstructor, type RowOptions } from "../codegen/row-objects.ts";
import { identifier, js, joinCode, number } from "../functions/code.ts";
import type { Code } from "../functions/emitter.ts";
import type { StructType } from "../types/data-type.ts";
import type { FieldReader, FieldWriter, RowSource } from "./row-codec.ts";
import { nullBitmapLength } from "./unsafe-row-layout.ts";
import type { RowBuffer } from "./unsafe-row.ts";

/** Beyond so many fields the code would be too long for V8 to optimize. */
export const mostGeneratedFields = 400;

/** The object of the row in `bytes[start, end)`, which has all fields. */
export type RowReader = (source: RowSource, start: number, end: number) => object;
/** Writes the fields of a record into the row at `base`; `missing` is called for those that are null or undefined. */
export type RowWriter = (
  record: Readonly<Record<string, unknown>>,
  buffer: RowBuffer,
  base: number,
  missing: (field: number, base: number) => void,
) => void;

export function compileRowReader(schema: StructType, readers: readonly FieldReader[], options: RowOptions): RowReader {
  const out = new FunctionEmitter(options.context);
  const nullBytes = nullBitmapLength(schema.fields.length);
  const body = out.block(() => {
    out.line(js`const words = source.words, bytes = source.bytes, word = start >> 2;`);
    for (const [k, { type }] of schema.fields.entries()) {
      const value = identifier("v", k);
      const slot = nullBytes + 8 * k;
      const low = js`words[word + ${number(slot >> 2)}]`;
      const read = js`${out.bind(readers[k])}(source, start + ${number(slot)}, start, end)`;
      out.line(js`let ${value} = null;`);
      const present = out.block(() => {
        if (type.kind === "int") return out.line(js`${value} = ${low};`);
        if (type.kind !== "bigint" || options.bigint) return out.line(js`${value} = ${read};`);
        out.line(js`${value} = words[word + ${number((slot >> 2) + 1)}] * 4294967296 + (${low} >>> 0);`);
        return out.line(js`if (!Number.isSafeInteger(${value})) ${value} = ${read};`);
      });
      out.line(js`if ((bytes[start + ${number(k >> 3)}] & ${number(1 << (k & 7))}) === 0) {\n${present}\n}`);
    }
    const values = schema.fields.map((_, k) => identifier("v", k));
    out.line(js`return new ${out.bind(rowConstructor(schema, options))}(${joinCode(values, ", ")});`);
  });
  const { run } = out.build([js`source`, js`start`, js`end`], body);
  return run as unknown as RowReader;
}

export function compileRowWriter(schema: StructType, writers: readonly FieldWriter[], options: RowOptions): RowWriter {
  const out = new FunctionEmitter(options.context);
  const nullBytes = nullBitmapLength(schema.fields.length);
  const body = out.block(() => {
    for (const [k, { name, type }] of schema.fields.entries()) {
      const value = identifier("v", k);
      const slot: Code = js`base + ${number(nullBytes + 8 * k)}`;
      out.line(js`const ${value} = record[${out.bind(name)}];`);
      const other = js`if (${value} === null || ${value} === undefined) missing(${number(k)}, base); else ${out.bind(writers[k])}(${value}, buffer, ${slot}, base);`;
      if (type.kind !== "bigint") {
        out.line(other);
        continue;
      }
      const at = identifier("a", k);
      const whole = out.block(() => {
        out.line(js`const ${at} = (${slot}) >> 2;`);
        out.line(js`buffer.words[${at}] = ${value};`);
        out.line(js`buffer.words[${at} + 1] = Math.floor(${value} / 4294967296);`);
      });
      out.line(js`if (Number.isSafeInteger(${value})) {\n${whole}\n} else ${other}`);
    }
  });
  const { run } = out.build([js`record`, js`buffer`, js`base`, js`missing`], body);
  return run as unknown as RowWriter;
}
