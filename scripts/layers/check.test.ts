import { describe, expect, test } from "vitest";
import { checkLayers, maximumLines } from "./check.ts";
import { importCycles } from "./import-cycles.ts";
import { importsOf } from "./imports.ts";
import { scanSource } from "./source-text.ts";

const dependencies = new Map([["core", new Set(["re2js"])]]);

/** Problems of a repository with these files; names are relative to packages/core/src unless they start with "/". */
function problems(files: Record<string, string>): readonly string[] {
  const entries = Object.entries(files).map(
    ([name, source]) => [name.startsWith("/") ? name.slice(1) : `packages/core/src/${name}`, source] as const,
  );
  return checkLayers(new Map(entries), dependencies).problems;
}

const importing = (specifier: string): string => `import { x } from "${specifier}";\nexport const y = x;\n`;
const leaf = "export const x = 1;\n";

describe("layer order", () => {
  test("a folder imports from those before it", () => {
    expect(problems({ "analyzer/a.ts": importing("../types/b.ts"), "types/b.ts": leaf })).toEqual([]);
  });

  test("a folder does not import from one after it, types included", () => {
    const found = problems({
      "types/a.ts": 'import type { x } from "../analyzer/b.ts";\nexport type Y = typeof x;\n',
      "analyzer/b.ts": leaf,
    });
    expect(found).toEqual(["packages/core/src/types/a.ts:1: imports analyzer/b.ts; analyzer comes after types"]);
  });

  test("dynamic imports and re-exports count", () => {
    const found = problems({
      "types/a.ts": 'export * from "../sql/b.ts";\nexport const load = () => import("../sql/b.ts");\n',
      "sql/b.ts": leaf,
    });
    expect(found).toHaveLength(2);
  });

  test("metrics may be used by all and builds on the first folders only", () => {
    expect(problems({ "runtime/a.ts": importing("../metrics/b.ts"), "metrics/b.ts": leaf })).toEqual([]);
    expect(problems({ "metrics/a.ts": importing("../sql/b.ts"), "sql/b.ts": leaf })).toHaveLength(1);
  });

  test("sources and sinks meet in contract files only", () => {
    expect(
      problems({ "sinks/a/sink.ts": importing("../../sources/contract.ts"), "sources/contract.ts": leaf }),
    ).toEqual([]);
    const found = problems({ "sinks/a/sink.ts": importing("../../sources/a/source.ts"), "sources/a/source.ts": leaf });
    expect(found[0]).toContain("sinks and sources meet in contract files only");
  });

  test("runtime/node is for api and worker entry points", () => {
    const node = { "runtime/node/b.ts": leaf };
    expect(problems({ ...node, "api/a.ts": importing("../runtime/node/b.ts") })).toEqual([]);
    expect(problems({ ...node, "worker.ts": importing("./runtime/node/b.ts") })).toEqual([]);
    expect(problems({ ...node, "execution/a.ts": importing("../runtime/node/b.ts") })).toHaveLength(1);
    expect(problems({ ...node, "runtime/a.ts": importing("./node/b.ts") })).toHaveLength(1);
  });

  test("node modules are for runtime/node, worker entry points and tests", () => {
    const source = 'import { readFileSync } from "node:fs";\nexport const read = readFileSync;\n';
    expect(problems({ "runtime/node/a.ts": source, "sql/a.test.ts": source })).toEqual([]);
    expect(problems({ "sql/a.ts": source })).toHaveLength(1);
  });

  test("an entry point beside the folders imports them, never the other way", () => {
    expect(problems({ "engine.ts": importing("./api/b.ts"), "api/b.ts": leaf })).toEqual([]);
    expect(problems({ "api/b.ts": importing("../engine.ts"), "engine.ts": leaf })).toHaveLength(1);
  });

  test("tests may reach upwards", () => {
    expect(problems({ "types/a.test.ts": importing("../sql/b.ts"), "sql/b.ts": leaf })).toEqual([]);
  });

  test("a folder without a place in the order is reported", () => {
    expect(problems({ "planning/a.ts": leaf })[0]).toContain("no place in the layer order");
  });
});

describe("files", () => {
  test("a long file is reported, a generated one is not", () => {
    const long = "export {};\n".repeat(maximumLines + 1);
    expect(problems({ "types/a.ts": long })).toHaveLength(1);
    expect(problems({ "types/a.generated.ts": long })).toEqual([]);
  });

  test("vague folders are reported in every package", () => {
    expect(problems({ "/packages/cli/src/utils/a.ts": leaf })[0]).toContain("a folder named utils");
  });

  test("relative imports end in .ts, stay in the package and lead somewhere", () => {
    expect(problems({ "types/a.ts": importing("./b") })[0]).toContain("does not end in .ts");
    expect(problems({ "types/a.ts": importing("./b.js") })[0]).toContain("does not end in .ts");
    expect(problems({ "types/a.ts": importing("./b.ts") })[0]).toContain("there is no such file");
    expect(problems({ "types/a.ts": importing("../../../cli/src/b.ts"), "/packages/cli/src/b.ts": leaf })[0]).toContain(
      "leaves the package",
    );
  });

  test("kernels are written for a compiler that adds the ending itself", () => {
    const kernels = { "/packages/core/kernels/words.ts": leaf };
    expect(problems({ ...kernels, "/packages/core/kernels/a.ts": importing("./words") })).toEqual([]);
    expect(problems({ ...kernels, "/packages/core/kernels/a.ts": importing("./word") })[0]).toContain(
      "there is no such file",
    );
  });

  test("packages are imported when they are dependencies", () => {
    expect(problems({ "functions/a.ts": importing("re2js") })).toEqual([]);
    expect(problems({ "functions/a.ts": importing("lodash/fp") })[0]).toContain("imports lodash, which is not");
    expect(problems({ "functions/a.test.ts": importing("vitest") })).toEqual([]);
  });

  test("what only tests import is named so, and never imported by the product", () => {
    const support = { "types/a.test-support.ts": importing("fast-check") };
    expect(problems({ ...support, "types/b.test.ts": importing("./a.test-support.ts") })).toEqual([]);
    expect(problems({ ...support, "types/b.ts": importing("./a.test-support.ts") })[0]).toContain("imports a test");
  });

  test("default exports are reported in both spellings", () => {
    expect(problems({ "types/a.ts": "export default 1;\n" })).toHaveLength(1);
    expect(problems({ "types/a.ts": "const a = 1;\nexport { a as default };\n" })).toHaveLength(1);
    expect(problems({ "types/a.ts": "// export default is not used\nexport const a = 1;\n" })).toEqual([]);
  });

  test.each([
    "// TO" + "DO later",
    "/* FIX" + "ME */",
    "// @ts-" + "ignore",
    "it.on" + "ly(x)",
    "const a = b as an" + "y;",
  ])("%s is reported", (line) => {
    expect(problems({ "types/a.ts": `${line}\n` })).toHaveLength(1);
  });

  test("words about code in comments and strings are prose", () => {
    expect(problems({ "types/a.ts": 'const a = "as an" + "y"; // as an' + "y other, test.sk" + "ip\n" })).toEqual([]);
  });

  test.each(["new Date()", "new Date", "Date()", "globalThis.setTimeout"])(
    "%s is a hidden clock in the core",
    (code) => {
      expect(problems({ "types/a.ts": `export const a = ${code};\n` })).toHaveLength(1);
      expect(problems({ "types/a.test.ts": `export const a = ${code};\n` })).toEqual([]);
    },
  );

  test("a date made from a number is a value", () => {
    expect(problems({ "types/a.ts": "export const a = new Date(0);\n" })).toEqual([]);
  });
});

describe("import cycles", () => {
  test("a circle of values is a problem and is printed once", () => {
    const found = problems({
      "types/a.ts": importing("./b.ts"),
      "types/b.ts": importing("./c.ts"),
      "types/c.ts": importing("./a.ts"),
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^import cycle: \S+\/a\.ts → \S+\/b\.ts → \S+\/c\.ts → \S+\/a\.ts$/);
  });

  test("a circle that the compiler erases is only counted", () => {
    const report = checkLayers(
      new Map([
        ["packages/core/src/types/a.ts", 'import type { B } from "./b.ts";\nexport type A = B;\n'],
        ["packages/core/src/types/b.ts", 'import type { A } from "./a.ts";\nexport type B = A;\n'],
      ]),
      dependencies,
    );
    expect(report).toMatchObject({ problems: [], typeCycles: 1, files: 2, imports: 2, lines: 4 });
  });

  test("the shortest way round is shown", () => {
    const edges = new Map([
      ["a", ["b", "c"]],
      ["b", ["c"]],
      ["c", ["a"]],
      ["d", ["a", "d"]],
    ]);
    expect(importCycles(edges)).toEqual([["a", "c"], ["d"]]);
  });
});

describe("reading imports", () => {
  const read = (source: string): readonly (readonly [string, boolean])[] =>
    importsOf(scanSource(source)).map((each) => [each.specifier, each.typeOnly] as const);

  test("every form is found, with whether it is erased", () => {
    const source = [
      'import { a, type B } from "./1.ts";',
      "import {\n  c,\n  d,\n} from",
      '  "./2.ts";',
      'import type { E } from "./3.ts";',
      'import "./4.ts";',
      'export { f } from "./5.ts";',
      'export type * from "./6.ts";',
      'export * as g from "./7.ts";',
      'type H = typeof import("./8.ts");',
      'import type from "./9.ts";',
      'import type J from "./10.ts";',
    ].join("\n");
    expect(read(source)).toEqual([
      ["./1.ts", false],
      ["./2.ts", false],
      ["./3.ts", true],
      ["./4.ts", false],
      ["./5.ts", false],
      ["./6.ts", true],
      ["./7.ts", false],
      ["./8.ts", true],
      ["./9.ts", false],
      ["./10.ts", true],
    ]);
  });

  test("code inside comments, strings, templates and regular expressions imports nothing", () => {
    const source = [
      '// import { a } from "./1.ts";',
      '/* import { a } from "./2.ts"; */',
      "const s = 'import { a } from \"./3.ts\";';",
      'const t = `import { a } from "./4.ts"; ${f(`import "./5.ts"`, { b: "}" })} import "./6.ts"`;',
      'const r = /import "x"/g; const q = a / b; const u = "/"; export const z = q / 2;',
      'import { a } from "./7.ts";',
    ].join("\n");
    expect(read(source)).toEqual([["./7.ts", false]]);
  });

  test("positions and lines survive", () => {
    const source = '/* a\n b */ const s = "x\\"y"; // z\nimport "./a.ts";';
    const text = scanSource(source);
    expect(text.code).toHaveLength(source.length);
    expect(text.code.split("\n")).toHaveLength(3);
    expect(importsOf(text)[0]?.line).toBe(3);
  });
});
