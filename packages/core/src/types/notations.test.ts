import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitrarySchema, arbitraryType } from "../columnar/arbitraries.test-support.ts";
import { isMillraceError } from "../errors/index.ts";
import {
  arrayType,
  bigintType,
  booleanType,
  type DataType,
  decimalType,
  field,
  floatType,
  intType,
  mapType,
  nullType,
  sameType,
  stringType,
  type StructType,
  structType,
  timestampType,
} from "./data-type.ts";
import { parseDataType, parseDdl, readDataType, toDdl } from "./ddl.ts";
import { fromStructType, toStructType } from "./schema-conversion.ts";
import { parseSchemaJson, parseTypeJson, toSchemaJson } from "./schema-json.ts";
import { array, map, notNull, struct } from "./schema-literal.ts";
import { treeString } from "./tree-string.ts";
import { catalogString, simpleString, sqlName } from "./type-names.ts";

/** DDL has no notation for elements and values that are never null. */
function withNullableElements(type: DataType): DataType {
  switch (type.kind) {
    case "array":
      return arrayType(withNullableElements(type.element));
    case "map":
      return mapType(withNullableElements(type.key), withNullableElements(type.value));
    case "struct":
      return structType(type.fields.map((f) => field(f.name, withNullableElements(f.type), f.nullable)));
    default:
      return type;
  }
}

function classOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isMillraceError(error)) return error.errorClass;
    throw error;
  }
  return "none";
}

const wide: StructType = structType([
  field("id", bigintType, false),
  { name: "note", type: stringType, nullable: true, metadata: { comment: "it's" } },
  field("items", arrayType(structType([field("sku", stringType), field("n n", intType, false)]))),
  field("tags", mapType(stringType, decimalType(10, 2), false)),
]);

describe("DDL", () => {
  test("round trip of any schema", () => {
    fc.assert(
      fc.property(arbitrarySchema, (schema) => {
        expect(parseDdl(toDdl(schema))).toEqual(withNullableElements(schema));
      }),
    );
  });

  test("reads every name and alias", () => {
    const kinds = (text: string): string => catalogString(parseDdl(text));
    expect(
      kinds("a BYTE, b tinyint, c SHORT, d smallint, e int, f INTEGER, g LONG, h bigint, i REAL, j float, k double"),
    ).toBe("struct<a:tinyint,b:tinyint,c:smallint,d:smallint,e:int,f:int,g:bigint,h:bigint,i:float,j:float,k:double>");
    expect(
      kinds("a DEC, b NUMERIC(5), c decimal(10, 2), d varchar(3), e CHAR(9), f timestamp_ltz, g timestamp_ntz, h void"),
    ).toBe(
      "struct<a:decimal(10,0),b:decimal(5,0),c:decimal(10,2),d:string,e:string,f:timestamp,g:timestamp_ntz,h:void>",
    );
    expect(kinds("a interval day to second, b INTERVAL YEAR, c: interval hour to minute, date date")).toBe(
      "struct<a:interval day to second,b:interval year,c:interval hour to minute,date:date>",
    );
  });

  test("reads nested types, comments, back-quotes and NOT NULL", () => {
    const text = "a INT NOT NULL COMMENT 'x''', `b ``c` STRUCT<x: INT, y: ARRAY<ARRAY<STRING>>>, m MAP<STRING,BIGINT>";
    expect(classOf(() => parseDdl(text))).toBe("PARSE_SYNTAX_ERROR");
    expect(parseDdl(text.replace("'x'''", "'x\\'\\n'"))).toEqual(
      structType([
        { name: "a", type: intType, nullable: false, metadata: { comment: "x'\n" } },
        field("b `c", structType([field("x", intType), field("y", arrayType(arrayType(stringType)))])),
        field("m", mapType(stringType, bigintType)),
      ]),
    );
    expect(parseDdl("struct<a int, b: struct<>>")).toEqual(
      structType([field("a", intType), field("b", structType([]))]),
    );
    expect(parseDdl("  ")).toEqual(structType([]));
  });

  test("prints as Spark does", () => {
    expect(toDdl(wide)).toBe(
      "id BIGINT NOT NULL,note STRING COMMENT 'it\\'s',items ARRAY<STRUCT<sku: STRING, `n n`: INT NOT NULL>>,tags MAP<STRING, DECIMAL(10,2)>",
    );
  });

  test("says what is wrong and where", () => {
    for (const [text, errorClass] of [
      ["a", "PARSE_SYNTAX_ERROR"],
      ["a INT,", "PARSE_SYNTAX_ERROR"],
      ["a INT b INT", "PARSE_SYNTAX_ERROR"],
      ["a ARRAY<INT", "PARSE_SYNTAX_ERROR"],
      ["a INT NOT", "PARSE_SYNTAX_ERROR"],
      ["a 'x'", "PARSE_SYNTAX_ERROR"],
      ["a decimal(1,2,3)", "PARSE_SYNTAX_ERROR"],
      ["struct<a: int> x", "PARSE_SYNTAX_ERROR"],
      ["a ARRAY", "INCOMPLETE_TYPE_DEFINITION"],
      ["a varchar", "DATATYPE_MISSING_SIZE"],
      ["a geometry", "UNSUPPORTED_DATATYPE"],
      ["a interval", "UNSUPPORTED_DATATYPE"],
      ["a interval second to day", "UNSUPPORTED_DATATYPE"],
      ["a decimal(39,0)", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION"],
      ["a decimal(3,4)", "DECIMAL_SCALE_EXCEEDS_PRECISION"],
    ] as const) {
      expect([text, classOf(() => parseDdl(text))]).toEqual([text, errorClass]);
    }
    try {
      parseDdl("a INT, b !");
      expect.unreachable();
    } catch (error) {
      expect(isMillraceError(error) && error.context?.sql).toMatchObject({ start: 9, stop: 10 });
    }
  });

  test("reads one type out of a longer text", () => {
    const text = "CAST(x AS DECIMAL(10, 2)) + 1";
    expect(readDataType(text, 10)).toEqual({ type: decimalType(10, 2), end: 24 });
    expect(parseDataType("ARRAY<INT>")).toEqual(arrayType(intType));
  });
});

describe("schema JSON", () => {
  test("round trip of any type", () => {
    fc.assert(
      fc.property(arbitraryType, (type) => {
        expect(sameType(parseTypeJson(toSchemaJson(type)), type)).toBe(true);
      }),
    );
  });

  test("is Spark's", () => {
    const json =
      '{"type":"struct","fields":[{"name":"id","type":"long","nullable":false,"metadata":{}},' +
      '{"name":"note","type":"string","nullable":true,"metadata":{"comment":"it\'s"}},' +
      '{"name":"items","type":{"type":"array","elementType":{"type":"struct","fields":[' +
      '{"name":"sku","type":"string","nullable":true,"metadata":{}},{"name":"n n","type":"integer","nullable":false,"metadata":{}}]},' +
      '"containsNull":true},"nullable":true,"metadata":{}},' +
      '{"name":"tags","type":{"type":"map","keyType":"string","valueType":"decimal(10,2)","valueContainsNull":false},"nullable":true,"metadata":{}}]}';
    expect(toSchemaJson(wide)).toBe(json);
    expect(parseSchemaJson(json)).toEqual(wide);
  });

  test("refuses what is not a schema, naming the place", () => {
    for (const json of ["", "[]", "1", '{"type":"struct"}', '{"type":"struct","fields":[{"name":1}]}', '"long"']) {
      expect([json, classOf(() => parseSchemaJson(json))]).toEqual([json, "INVALID_SCHEMA_JSON"]);
    }
    expect(classOf(() => parseTypeJson('"geometry"'))).toBe("UNSUPPORTED_DATATYPE");
  });
});

describe("schema literals", () => {
  test("round trip of any schema whose names are not whole numbers", () => {
    fc.assert(
      fc.property(arbitrarySchema, (schema) => {
        fc.pre(!/"name":"\d+"/.test(toSchemaJson(schema)));
        expect(toStructType(fromStructType(schema))).toEqual(schema);
      }),
    );
  });

  test("mean what they say", () => {
    expect(
      toStructType({
        id: "bigint!",
        amount: "decimal(10, 2)",
        items: array(struct({ sku: "string", n: "int!" })),
        tags: notNull(map("string", "string!")),
        list: array("timestamp!"),
      }),
    ).toEqual(
      structType([
        field("id", bigintType, false),
        field("amount", decimalType(10, 2)),
        field("items", arrayType(structType([field("sku", stringType), field("n", intType, false)]))),
        field("tags", mapType(stringType, stringType, false), false),
        field("list", arrayType(timestampType, false)),
      ]),
    );
  });

  test("refuse an unknown type and two columns of one name", () => {
    expect(classOf(() => toStructType({ a: "strnig" as "string" }))).toBe("UNSUPPORTED_DATATYPE");
    expect(classOf(() => toStructType({ a: 5 as unknown as "string" }))).toBe("UNSUPPORTED_DATATYPE");
    expect(classOf(() => fromStructType(structType([field("a", intType), field("a", intType)])))).toBe(
      "COLUMN_ALREADY_EXISTS",
    );
  });
});

describe("names", () => {
  test("in messages, dtypes and trees", () => {
    expect(sqlName(nullType)).toBe("VOID");
    expect(sqlName(mapType(stringType, structType([field("a b", floatType, false)])))).toBe(
      "MAP<STRING, STRUCT<`a b`: FLOAT NOT NULL>>",
    );
    const many = structType(Array.from({ length: 27 }, (_, i) => field(`c${i}`, booleanType)));
    expect(simpleString(many).endsWith(",c24:boolean,... 2 more fields>")).toBe(true);
    expect(catalogString(many).endsWith(",c26:boolean>")).toBe(true);
  });

  test("printSchema is Spark's tree", () => {
    expect(treeString(structType([...wide.fields, field("a\nb", nullType)]))).toBe(
      [
        "root",
        " |-- id: long (nullable = false)",
        " |-- note: string (nullable = true)",
        " |-- items: array (nullable = true)",
        " |    |-- element: struct (containsNull = true)",
        " |    |    |-- sku: string (nullable = true)",
        " |    |    |-- n n: integer (nullable = false)",
        " |-- tags: map (nullable = true)",
        " |    |-- key: string",
        " |    |-- value: decimal(10,2) (valueContainsNull = false)",
        " |-- a\\nb: void (nullable = true)",
        "",
      ].join("\n"),
    );
    expect(treeString(wide, 1).split("\n")).toHaveLength(6);
  });
});
