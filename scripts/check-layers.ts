/**
 * `npm run layers`: the order of the core's folders, the shape of the source files and the words that must not be left
 * in them. The rules are in scripts/layers/check.ts; this file reads the repository and prints the result.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkLayers } from "./layers/check.ts";
import { layerOrder } from "./layers/layer-order.ts";

const root = join(import.meta.dirname, "..");
const roots = ["packages", "tests", "scripts", "benchmarks", "examples"];
const skipped = new Set(["node_modules", "dist", "fixtures", ".cache"]);

function typeScriptFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : typeScriptFiles(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

function dependenciesOf(packageFolder: string): Set<string> {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "packages", packageFolder, "package.json"), "utf8"));
  const names = new Set<string>();
  for (const field of ["dependencies", "peerDependencies", "optionalDependencies"] as const) {
    const listed = (manifest as Partial<Record<typeof field, Record<string, string>>>)[field] ?? {};
    for (const name of Object.keys(listed)) names.add(name);
  }
  return names;
}

const existing = new Set(readdirSync(root));
const paths = roots.filter((folder) => existing.has(folder)).flatMap(typeScriptFiles);
const files = new Map(paths.toSorted().map((path) => [path, readFileSync(join(root, path), "utf8")]));
const dependencies = new Map(readdirSync(join(root, "packages")).map((name) => [name, dependenciesOf(name)]));
const report = checkLayers(files, dependencies);

for (const problem of report.problems) console.log(problem);
console.log(
  `layers: ${report.files} files, ${report.lines} lines, ${report.imports} imports, ${layerOrder.flat().length + 1} folders in order, ` +
    `${report.typeCycles} type-only cycles, ${report.problems.length} problems`,
);
if (report.problems.length > 0) process.exitCode = 1;
