import { expect, test } from "vitest";
import { declarationsByJavaScriptName, withoutSourceCondition, type Manifest } from "./stage.ts";
import { contentProblems, installScriptsOf, manifestProblems } from "./tarball-rules.ts";

const files = ["LICENSE", "README.md", "dist/api/index.d.ts", "dist/api/index.js", "package.json"];
const manifest: Manifest = {
  name: "millrace",
  version: "1.2.3",
  license: "Apache-2.0",
  engines: { node: ">=24" },
  exports: { ".": { "millrace-source": "./src/a.ts", default: "./dist/a.js" }, "./internal/*": null },
  dependencies: { re2js: "2.0.0" },
};

test("compiled code and its papers are what a tarball holds", () => {
  expect(contentProblems(files)).toEqual([]);
});

test.each(["src/a.ts", "dist/a.test.js", "dist/a.test-d.d.ts", "dist/.tsbuildinfo", "dist/a.ts", "tsconfig.json"])(
  "%s does not belong into a tarball",
  (file) => {
    expect(contentProblems([...files, file])).toEqual([`contains ${file}`]);
  },
);

test("missing papers and missing code are reported", () => {
  expect(contentProblems(["package.json"])).toEqual(["has no README.md", "has no LICENSE", "has no dist"]);
});

test("a good manifest has no problems", () => {
  expect(manifestProblems(manifest, "1.2.3")).toEqual([]);
});

test("ranges, other versions of our own packages and install scripts are reported", () => {
  const bad = { ...manifest, dependencies: { re2js: "^2.0.0", "@millrace/x": "1.0.0" }, scripts: { postinstall: "x" } };
  expect(manifestProblems(bad, "1.2.3")).toEqual([
    "has install scripts",
    "depends on re2js ^2.0.0, not on an exact version",
    "depends on @millrace/x 1.0.0",
  ]);
  expect(installScriptsOf(bad)).toEqual(["postinstall"]);
});

test("the source condition is not published", () => {
  expect(withoutSourceCondition(manifest).exports).toEqual({ ".": { default: "./dist/a.js" }, "./internal/*": null });
});

test("declarations name each other as the published files are called", () => {
  const source =
    'export { a } from "./a.ts";\nimport "../b.ts";\ntype C = import("./c.ts").C;\nimport d from "d.ts";\n';
  expect(declarationsByJavaScriptName(source)).toBe(
    'export { a } from "./a.js";\nimport "../b.js";\ntype C = import("./c.js").C;\nimport d from "d.ts";\n',
  );
});
