import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMillraceError, MillraceError } from "../errors/index.ts";
import type { Expr, Literal } from "../expressions/expression.ts";
import { printExpression } from "../expressions/print.ts";
import { depthOf, transformUp } from "../expressions/traverse.ts";
import {
  arrayType,
  bigintType,
  binaryType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  intType,
  nullType,
  smallintType,
  stringType,
  timestampNtzType,
  timestampType,
  tinyintType,
  type DataType,
} from "../types/data-type.ts";
import { maximumNesting, parseExpression, parseNamedExpressions, parseSortItem } from "./index.ts";

/** The tree without the positions. */
function bare(expr: Expr): Expr {
  return transformUp(expr, (node) => {
    if (node.kind !== "UnresolvedAttribute" && node.kind !== "UnresolvedFunction") return node;
    const { origin: _, ...rest } = node;
    return rest;
  });
}

const literal = (value: Literal["value"], type: DataType): Expr => ({ kind: "Literal", value, type });
const integer = (bits: number): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n });
const finite = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("it's", "\\", "\\n", "%_", "`", '"', "--", "*/"),
);
const identifier = fc.oneof(
  fc.constantFrom("a", "b", "select", "END", "a.b", "__proto__", "`", "1"),
  fc.string({ unit: "binary", minLength: 1 }),
);
const constant: fc.Arbitrary<Expr> = fc.oneof(
  fc.constantFrom(literal(null, nullType), literal(true, booleanType), literal(false, booleanType)),
  integer(8).map((v) => literal(Number(v), tinyintType)),
  integer(16).map((v) => literal(Number(v), smallintType)),
  integer(32).map((v) => literal(Number(v), intType)),
  integer(64).map((v) => literal(v, bigintType)),
  fc
    .double({ noNaN: true })
    .filter(finite)
    .map((v) => literal(v, doubleType)),
  fc
    .float({ noNaN: true })
    .filter(finite)
    .map((v) => literal(v, floatType)),
  fc.tuple(integer(100), fc.nat(30)).map(([v, scale]) => {
    const digits = (v < 0n ? -v : v).toString().length;
    return literal(v, decimalType(Math.max(digits, scale), scale));
  }),
  text.map((v) => literal(v, stringType)),
  fc.uint8Array({ maxLength: 8 }).map((v) => literal(Uint8Array.from(v), binaryType)),
  fc.integer({ min: -2_000_000, max: 10_000_000 }).map((v) => literal(v, dateType)),
  fc.bigInt({ min: -(10n ** 16n), max: 10n ** 17n }).map((v) => literal(v, timestampType)),
  fc.bigInt({ min: -(10n ** 16n), max: 10n ** 17n }).map((v) => literal(v, timestampNtzType)),
  integer(32).map((v) => literal(Number(v), { kind: "interval_year_month", startField: 0, endField: 1 })),
  integer(64).map((v) => literal(v, { kind: "interval_day_time", startField: 0, endField: 3 })),
  integer(64).map((v) => literal(v, { kind: "interval_day_time", startField: 1, endField: 3 })),
);
const attribute: fc.Arbitrary<Expr> = fc
  .array(identifier, { minLength: 1, maxLength: 3 })
  .map((parts) => ({ kind: "UnresolvedAttribute", parts }));
const types: readonly DataType[] = [
  intType,
  stringType,
  decimalType(10, 2),
  arrayType(arrayType(bigintType)),
  timestampNtzType,
];
const call = (name: string, args: readonly Expr[]): Expr => ({
  kind: "UnresolvedFunction",
  name,
  args,
  distinct: false,
});
const binary = [
  "+",
  "-",
  "*",
  "/",
  "%",
  "div",
  "=",
  "<=>",
  "<",
  "<=",
  ">",
  ">=",
  "and",
  "or",
  "&",
  "|",
  "^",
  "<<",
  ">>",
  ">>>",
  "like",
  "rlike",
  "concat",
];

const { expression } = fc.letrec<{ expression: Expr }>((tie) => {
  const e = tie("expression");
  const list = (least: number, most = 4): fc.Arbitrary<Expr[]> => fc.array(e, { minLength: least, maxLength: most });
  return {
    expression: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      attribute,
      constant,
      fc.tuple(fc.constantFrom(...binary), e, e).map(([name, a, b]) => call(name, [a, b])),
      fc
        .tuple(fc.constantFrom("not", "negative", "positive", "~", "isnull", "isnotnull"), e)
        .map(([name, a]) => call(name, [a])),
      list(2).map((args) => call("in", args)),
      list(2, 6).map((args) => call("when", args)),
      fc.tuple(e, e, fc.constantFrom("\\", "!", "'")).map(([a, b, c]) => call("like", [a, b, literal(c, stringType)])),
      fc.tuple(fc.constantFrom("trim", "ltrim", "rtrim"), e, e).map(([name, a, b]) => call(name, [a, b])),
      fc.tuple(identifier, e).map(([field, a]) => call("extract", [literal(field, stringType), a])),
      fc
        .tuple(fc.constantFrom("f", "sum", "cast", "struct"), list(0), fc.boolean(), fc.option(e, { nil: undefined }))
        .map(([name, args, distinct, filter]): Expr => ({
          kind: "UnresolvedFunction",
          name,
          args,
          distinct: distinct && args.length > 0,
          ...(filter === undefined ? {} : { filter }),
        })),
      fc
        .tuple(e, fc.constantFrom(...types), fc.boolean())
        .map(([child, type, attempt]): Expr => ({ kind: "Cast", child, type, ...(attempt ? { mode: "try" } : {}) })),
      fc.tuple(e, e).map(([child, extraction]): Expr => ({ kind: "UnresolvedExtractValue", child, extraction })),
    ),
  };
});

describe("parser", () => {
  test("reads back what the printer writes", () => {
    fc.assert(
      fc.property(expression, (expr) => {
        const sql = printExpression(expr, { style: "sql" });
        expect(bare(parseExpression(sql)), sql).toEqual(expr);
      }),
      { numRuns: 1000 },
    );
  });

  test("the greatest FLOAT is read as it is printed", () => {
    const greatest = { value: 3.4028234663852886e38, type: floatType };
    expect(parseExpression("3.4028235E38F")).toMatchObject(greatest);
    expect(parseExpression("-3.4028235E38F")).toMatchObject({ ...greatest, value: -greatest.value });
    expect(() => parseExpression("3.4028236E38F")).toThrow(/out of range|3.4028236/i);
  });
  test("any soup of tokens is read or refused with an error of ours", () => {
    const tokens = (
      "a b.c t.* * ( ) [ ] , . + - ! ~ || = == <=> <> < > >> >>> :: -> => ? : ; 1 1.5 .5 1e5 2L 300Y 1BD 'x' \"y\" r'z' `q` X'1' " +
      "AND OR NOT IN LIKE ESCAPE RLIKE BETWEEN IS NULL TRUE DIV CASE WHEN THEN ELSE END AS DISTINCT FROM INTERVAL DAY TO SECOND CAST( " +
      "TRY_CAST( INT DECIMAL(10,2) ARRAY<INT> STRUCT< EXTRACT( YEAR SUBSTRING( TRIM( BOTH POSITION( OVERLAY( PLACING FOR FILTER ( WHERE OVER " +
      "IGNORE NULLS DATE '2024-01-01' TIMESTAMP '2024-13-01' count( struct( TIMESTAMPADD( /* */ -- \n ' \" ` é \u{1F600} \\ { } @ #"
    ).split(" ");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...tokens), fc.constantFrom(" ", " ", "")), { maxLength: 25 }),
        (pieces) => {
          const sql = pieces.map(([token, space]) => token + space).join("");
          for (const parse of [parseExpression, parseNamedExpressions, parseSortItem]) {
            try {
              parse(sql);
            } catch (error) {
              expect(error, sql).toBeInstanceOf(MillraceError);
              expect((error as MillraceError).errorClass, sql).not.toBe("INTERNAL_ERROR");
            }
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("any characters are read or refused with an error of ours", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (sql) => {
        try {
          parseExpression(sql);
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([" + ", " AND ", " || ", " = ", " OR "])("a chain of 20,000 terms with%sneeds no stack", (operator) => {
    const expr = parseExpression(Array.from({ length: 20_000 }, (_, i) => `a${i}`).join(operator));
    expect(depthOf(expr)).toBeGreaterThan(10);
    expect(printExpression(expr)).toMatch(/^\(+a0|^concat\(/);
  });

  test("chains of signs, negations, brackets and fields need no stack", () => {
    expect(depthOf(parseExpression(`${"- ".repeat(10_000)}a`))).toBe(10_001);
    expect(depthOf(parseExpression(`${"NOT ".repeat(10_000)}a`))).toBe(10_001);
    expect(depthOf(parseExpression(`a${"[0]".repeat(10_000)}`))).toBe(10_001);
    expect(depthOf(parseExpression(`f(a)${".b".repeat(10_000)}`))).toBe(10_002);
  });

  test.each([
    ["parentheses", "(", "a", ")"],
    ["calls", "f(", "a", ")"],
    ["right operands", "a + (", "a", ")"],
    ["case", "CASE WHEN ", "a", " THEN b END"],
    ["in", "a IN (", "a", ")"],
    ["cast", "CAST(", "a", " AS INT)"],
    ["brackets", "a[", "a", "]"],
    ["booleans", "a AND NOT (b OR ", "a", ")"],
  ])("%s nest to the limit and no further", (_, open, middle, close) => {
    const nested = (depth: number): string => open.repeat(depth) + middle + close.repeat(depth);
    parseExpression(nested(maximumNesting - 1));
    for (const depth of [maximumNesting + 1, 100_000]) {
      expect(() => parseExpression(nested(depth))).toThrow(
        expect.toSatisfy((error) => isMillraceError(error, "EXPRESSION_NESTED_TOO_DEEP")),
      );
    }
  });

  test("names and calls know their place in the text", () => {
    const expr = parseExpression("x + sum( t.y )");
    expect(expr).toMatchObject({
      origin: { sql: { start: 0, stop: 14 } },
      args: [
        { origin: { sql: { start: 0, stop: 1 } } },
        { origin: { sql: { start: 4, stop: 14 } }, args: [{ origin: { sql: { start: 9, stop: 12 } } }] },
      ],
    });
  });

  test("an error shows the line with carets under the fragment", () => {
    expect(() => parseExpression("a +\n  b ) c")).toThrow(
      "[PARSE_SYNTAX_ERROR] Syntax error at or near ')'. SQLSTATE: 42601\n== SQL (line 2, position 5) ==\n  b ) c\n    ^",
    );
  });

  test("a timestamp without a zone is one of the session's zone", () => {
    const summer = parseExpression("TIMESTAMP '2024-07-01 12:00:00'", { timeZone: "Europe/Berlin" }) as Literal;
    expect(summer.value).toBe(BigInt(Date.UTC(2024, 6, 1, 10)) * 1000n);
  });
});
