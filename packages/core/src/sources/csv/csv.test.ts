import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSimulatedRuntime } from "../../runtime/simulated/index.ts";
import {
  bigintType,
  booleanType,
  dateType,
  decimalType,
  doubleType,
  field,
  intType,
  stringType,
  structType,
  timestampType,
} from "../../types/data-type.ts";
import { csvProvider } from "../files/providers.ts";
import { put, readAll, testContext } from "../source.test-support.ts";

const three = structType(["a", "b", "c"].map((name) => field(name, stringType)));

async function read(
  text: string,
  options: Record<string, string> = {},
  schema = three,
  columns = schema,
  conf = {},
): Promise<unknown[][]> {
  const world = createSimulatedRuntime(1);
  await put(world, "/in/a.csv", text);
  return readAll(csvProvider, testContext(world, ["/in"], options, conf), schema, columns);
}

describe("fields", () => {
  test.each<[string, string, Record<string, string>, (string | null)[][]]>([
    [
      "plain, empty and missing",
      "x,,z\n1\n",
      {},
      [
        ["x", null, "z"],
        ["1", null, null],
      ],
    ],
    ["quotes, separators in them, escapes", '"a,b","say \\"hi\\"","\\\\"\n', {}, [["a,b", 'say "hi"', "\\"]]],
    ["doubled quotes when the quote is the escape", '"say ""hi""",b,""\n', { escape: '"' }, [['say "hi"', "b", null]]],
    ["text after a closing quote makes it unquoted", '"a"b,c,d\n', {}, [['"a"b', "c", "d"]]],
    ["blanks after a closing quote do not", '"a"  ,c,d\n', {}, [["a", "c", "d"]]],
    [
      "a quote that is never closed takes the rest of its line",
      'x,"open,y\nnext,2,3\n',
      {},
      [
        ["x", "open,y", null],
        ["next", "2", "3"],
      ],
    ],
    ["blanks are kept", " x , y ,z \n", {}, [[" x ", " y ", "z "]]],
    [
      "unless ignored",
      " x , y ,z \n",
      { ignoreLeadingWhiteSpace: "true", ignoreTrailingWhiteSpace: "true" },
      [["x", "y", "z"]],
    ],
    ["other separators, of several characters too", "a||b|x||c\n", { sep: "||" }, [["a", "b|x", "c"]]],
    ["a tab written out", "a\tb\tc\n", { sep: "\\t" }, [["a", "b", "c"]]],
    ["comments and blank lines", "#no\n\n  \na,b,c\n", { comment: "#" }, [["a", "b", "c"]]],
    ["no quoting", '"a,b",c\n', { quote: "" }, [['"a', 'b"', "c"]]],
    ["null and empty values", 'NA,"",x\n', { nullValue: "NA", emptyValue: "E" }, [[null, "E", "x"]]],
    ["a header is passed over", "h1,h2,h3\na,b,c\n", { header: "true" }, [["a", "b", "c"]]],
    [
      "CRLF and a byte order mark",
      "\ufeffa,b,c\r\nd,e,f\r\n",
      {},
      [
        ["a", "b", "c"],
        ["d", "e", "f"],
      ],
    ],
    [
      "line ends in quotes with multiLine",
      'a,"x\ny",c\n"d\r\ne",f,g',
      { multiLine: "true" },
      [
        ["a", "x\ny", "c"],
        ["d\r\ne", "f", "g"],
      ],
    ],
    [
      "another line separator",
      "a,b,c|d,e,f",
      { lineSep: "|" },
      [
        ["a", "b", "c"],
        ["d", "e", "f"],
      ],
    ],
  ])("%s", async (_, text, options, rows) => {
    expect(await read(text, options)).toEqual(rows);
  });

  test("any table comes back from its CSV text, whatever the chunks, alone and with pruned columns", async () => {
    const cell = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('"', ",", "\\", " ", "a", "\n", "\r"), maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 50 }),
        async (table, multiLine, chunk) => {
          const clean = (text: string): string => text.toWellFormed().replaceAll("\ufeff", "");
          const values = table.map((row) =>
            row.map((text) => clean(multiLine ? text : text.replaceAll(/[\r\n]/g, ""))),
          );
          const text = values
            .map((row) => row.map((v) => `"${v.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(","))
            .join("\n");
          const options = { multiLine: String(multiLine), nullValue: "\u0001none" };
          const conf = { "millrace.files.chunkBytes": String(chunk) };
          expect(await read(text, options, three, three, conf)).toEqual(values);
          const pruned = structType([three.fields[2]!, three.fields[0]!]);
          expect(await read(text, options, three, pruned, conf)).toEqual(values.map((row) => [row[2], row[0]]));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("types and bad records", () => {
  test("values are read by type", async () => {
    const schema = structType([
      field("i", intType),
      field("l", bigintType),
      field("d", doubleType),
      field("b", booleanType),
      field("m", decimalType(10, 2)),
      field("day", dateType),
      field("t", timestampType),
    ]);
    const rows = await read(
      "-5,9007199254740993,1e3,TRUE,12.345,1970-01-03,1970-01-01 00:00:01\n,,Inf,false,,,\n+7,1,NaN,true,1,1970-01-01,1970-01-01T01:00:00+01:00\n",
      {},
      schema,
    );
    expect(rows).toEqual([
      [-5, 9007199254740993n, 1000, true, 1235n, 2, 1_000_000n],
      [null, null, Infinity, false, null, null, null],
      [7, 1n, Number.NaN, true, 100n, 0, 0n],
    ]);
  });

  test("formats are used where they are given", async () => {
    const schema = structType([field("day", dateType), field("t", timestampType)]);
    const options = { dateFormat: "dd.MM.yyyy", timestampFormat: "yyyy/MM/dd HH:mm" };
    expect(await read("03.01.1970,1970/01/01 00:02\n1970-01-03,1970-01-01 00:00:00\n", options, schema)).toEqual([
      [2, 120_000_000n],
      [null, null],
    ]);
  });

  const schema = structType([field("a", intType), field("b", stringType), field("_corrupt_record", stringType)]);
  const text = "1,x\n2\ntwo,y\n3,z,more\n4,w\n";

  test("PERMISSIVE, DROPMALFORMED, FAILFAST", async () => {
    expect(await read(text, {}, schema)).toEqual([
      [1, "x", null],
      [2, null, "2"],
      [null, "y", "two,y"],
      [3, "z", "3,z,more"],
      [4, "w", null],
    ]);
    expect(await read(text, { mode: "DROPMALFORMED" }, schema)).toEqual([
      [1, "x", null],
      [4, "w", null],
    ]);
    await expect(read(text, { mode: "FAILFAST" }, schema)).rejects.toMatchObject({
      parameters: { where: "/in/a.csv, line 2" },
    });
  });

  test("a header that does not conform is an error when the schema is not enforced", async () => {
    const options = { header: "true", enforceSchema: "false" };
    await expect(read("x,b,c\n1,2,3\n", options)).rejects.toMatchObject({ errorClass: "FAILED_READ_FILE.NO_HINT" });
    expect(await read("A,b,c\n1,2,3\n", options)).toEqual([["1", "2", "3"]]);
  });
});
