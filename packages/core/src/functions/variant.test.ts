import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hexOf } from "../columnar/hex.ts";
import { VariantBuilder } from "../columnar/variant-builder.ts";
import { externalVariant, variantOfExternal } from "../columnar/variant-external.ts";
import { asVariant } from "../columnar/variant-reader.ts";
import { encodeRow } from "../state/unsafe-row.ts";
import { createRowDecoder } from "../state/unsafe-row-reader.ts";
import { binaryType, intType, type SqlValue, timeType, variantType } from "../types/data-type.ts";
import { functionRegistry } from "./registry.ts";
import { parseVariant } from "./variant-json.ts";
import { variantJson } from "./variant-text.ts";
import { variantSchema } from "./variant-schema.ts";

const print = variantJson("UTC");

describe("variants", () => {
  test.each([
    ['{"a": 1}', "02010000020c01", "0101000161"],
    [
      '{"b":[1,2.5,"x",null,true],"a":{"c":-129,"b":1e3}}',
      "0202010014002703050002080a0b0c0c01200119000000057800040202000203000c107fff1c0000000000408f40",
      "010300010203626163",
    ],
    ["123456789012", "18141a99be1c000000", "010000"],
    ['{"é":"ü","z":1.10}', "0202010003000909c3bc20026e000000", "0102000203c3a97a"],
    ["[]", "030000", "010000"],
  ] as const)("%s has the bytes of Spark's parse_json", (json, value, metadata) => {
    const variant = parseVariant(json)!;
    expect([hexOf(variant[0]), hexOf(variant[1])].map((text) => text.toLowerCase())).toEqual([value, metadata]);
  });

  test("any JSON value comes back, from text and from a plain value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const wanted = JSON.parse(JSON.stringify(value)) as unknown;
        const given = variantOfExternal(wanted)!;
        expect(JSON.parse(JSON.stringify(externalVariant(given)))).toEqual(wanted);
        expect(JSON.parse(print(given))).toEqual(wanted);
        const parsed = parseVariant(print(given))!;
        expect(print(parsed)).toBe(print(given));
        const copied = new VariantBuilder();
        copied.append(given);
        expect(print(copied.finish())).toBe(print(given));
      }),
    );
  });

  test("objects of many fields and large values have wide headers", () => {
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, "x".repeat(i)]));
    const variant = variantOfExternal(wide)!;
    expect(externalVariant(variant)).toEqual(wide);
    expect(variantSchema(variantOfExternal([wide, null, 1.5])!)).toMatch(/^ARRAY<VARIANT>$/);
  });

  test("broken bytes are MALFORMED_VARIANT or another value, never anything else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.nat(255), (value, at, byte) => {
        const [bytes, metadata] = variantOfExternal(value)!;
        const broken = bytes.slice();
        broken[at % broken.length] = byte;
        try {
          print([broken, metadata]);
        } catch (error) {
          expect((error as { readonly errorClass?: string }).errorClass).toMatch(
            /^(?:MALFORMED_VARIANT|UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT)$/,
          );
        }
      }),
    );
  });

  test("variant_explode gives a row per element or field, its outer form one row at least", () => {
    const rows = (name: string, json: string): unknown =>
      functionRegistry
        .generator(name)!
        .bind([variantType])(parseVariant(json) as readonly SqlValue[])
        .map(([at, key, value]) => [at, key, value === null ? null : print(asVariant(value!))]);
    expect(rows("variant_explode", '{"b":[1],"a":2}')).toEqual([
      [0, "a", "2"],
      [1, "b", "[1]"],
    ]);
    expect(rows("variant_explode", '["x"]')).toEqual([[0, null, '"x"']]);
    expect(rows("variant_explode", "1")).toEqual([]);
    expect(rows("variant_explode_outer", "1")).toEqual([[null, null, null]]);
  });

  test("state rows keep variants and times", () => {
    const types = [intType, variantType, timeType(9), binaryType];
    const row: SqlValue[] = [
      7,
      parseVariant('{"a":[1,2]}') as readonly SqlValue[],
      86_399_999_999_999n,
      Uint8Array.of(1),
    ];
    const decoded = createRowDecoder(types).decode(encodeRow(types, row));
    expect(decoded.map((v, i) => (i === 1 ? print(asVariant(v)) : v))).toEqual([7, '{"a":[1,2]}', row[2], row[3]]);
  });
});
