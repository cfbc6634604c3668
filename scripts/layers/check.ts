import { importCycles } from "./import-cycles.ts";
import { importsOf, resolveRelative, type Import } from "./imports.ts";
import { isTest, layerProblem, mayUseNode, unknownFolder } from "./layer-order.ts";
import { lineAt, scanSource, type SourceText } from "./source-text.ts";

/** The sources of the repository: path from its root, with `/` → text. */
export type SourceFiles = ReadonlyMap<string, string>;

export interface LayerReport {
  readonly files: number;
  readonly lines: number;
  readonly imports: number;
  /** Circles that exist in types only; the compiler erases them, so they are counted and allowed. */
  readonly typeCycles: number;
  readonly problems: readonly string[];
}

export const maximumLines = 600;

/** Files that may be longer: generated tables, and type-level code that has to stand in one place. */
const longFiles: readonly RegExp[] = [/\.generated\.ts$/, /^packages\/core\/src\/api\/[a-z-]*types\.ts$/];

const coreSource = "packages/core/src/";
const packageSource = /^packages\/([^/]+)\/src\//;
const kernelSource = /^packages\/[^/]+\/kernels\//;
const vagueFolders: readonly string[] = ["utils", "util", "common", "helpers", "helper", "misc"];

/** Searched in the whole text, comments included. */
const wordsInText: readonly RegExp[] = [/\bTO[D]O\b/g, /\bFIX[M]E\b/g, /@ts-[i]gnore\b/g, /@ts-[n]ocheck\b/g];
/** Searched in code only, where prose cannot trip them. */
const wordsInCode: readonly RegExp[] = [/\bas an[y]\b/g, /\b(?:test|it|describe|suite)\.(?:skip|only|todo)\b/g];
const defaultExport = /(?<![.\w$])export\s+(?:default\b|\{[^}]*\bas\s+default\b)/g;
/** Ways to the clock and to randomness that the linter's restricted names do not cover. */
const hiddenClock =
  /\bnew\s+Date\s*\(\s*\)|\bnew\s+Date\b(?!\s*\()|(?<![.\w$]|new\s)Date\s*\(\s*\)|\bglobalThis\s*(?:\.|\[)/g;

/** @param dependencies package folder name → the package names it may import outside its tests */
export function checkLayers(files: SourceFiles, dependencies: ReadonlyMap<string, ReadonlySet<string>>): LayerReport {
  const problems: string[] = [];
  const runtimeEdges = new Map<string, string[]>();
  const allEdges = new Map<string, string[]>();
  const folders = new Set<string>();
  let lines = 0;
  let imports = 0;
  for (const [path, source] of files) {
    const text = scanSource(source);
    const found = importsOf(text);
    lines += source.split("\n").length - 1;
    imports += found.length;
    for (const folder of path.split("/").slice(0, -1))
      if (vagueFolders.includes(folder)) folders.add(`${path}: a folder named ${folder} says nothing`);
    problems.push(...fileProblems(path, source, text));
    for (const each of found) {
      const problem = importProblem(path, each, files, dependencies);
      if (problem !== undefined) problems.push(`${path}:${each.line}: ${problem}`);
    }
    const targets = (chosen: readonly Import[]): string[] =>
      chosen.flatMap((each) => (each.specifier.startsWith(".") ? (resolveRelative(path, each.specifier) ?? []) : []));
    runtimeEdges.set(path, targets(found.filter((each) => !each.typeOnly)));
    allEdges.set(path, targets(found));
  }
  problems.push(...folders);
  const cycles = importCycles(runtimeEdges);
  for (const cycle of cycles) problems.push(`import cycle: ${[...cycle, cycle[0]].join(" → ")}`);
  const typeCycles = Math.max(0, importCycles(allEdges).length - cycles.length);
  return { files: files.size, lines, imports, typeCycles, problems };
}

function fileProblems(path: string, source: string, text: SourceText): readonly string[] {
  const problems: string[] = [];
  const report = (patterns: readonly RegExp[], where: string, why: (found: string) => string): void => {
    for (const pattern of patterns) {
      for (const m of where.matchAll(pattern)) problems.push(`${path}:${lineAt(where, m.index)}: ${why(m[0])}`);
    }
  };
  const length = source.split("\n").length - 1;
  if (length > maximumLines && !longFiles.some((pattern) => pattern.test(path))) {
    problems.push(`${path}: ${length} lines, more than ${maximumLines}; split it`);
  }
  report(wordsInText, source, (found) => `"${found}" is left over`);
  report(wordsInCode, text.code, (found) => `"${found}" is not allowed`);
  if (packageSource.test(path)) report([defaultExport], text.code, () => "default export; name it");
  if (path.startsWith(coreSource)) {
    const inCore = path.slice(coreSource.length);
    const folder = unknownFolder(inCore);
    if (folder !== undefined) problems.push(`${path}: folder ${folder} has no place in the layer order`);
    if (!mayUseNode(inCore)) report([hiddenClock], text.code, (found) => `"${found.trim()}"; take it from a port`);
  }
  return problems;
}

function importProblem(
  path: string,
  imported: Import,
  files: SourceFiles,
  dependencies: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  // The kernels' compiler, AssemblyScript's, adds the ending itself and takes no other.
  const specifier = kernelSource.test(path) ? `${imported.specifier}.ts` : imported.specifier;
  const inPackage = packageSource.exec(path);
  if (specifier.startsWith(".")) {
    if (!/\.(?:ts|json)$/.test(specifier)) return `import of "${specifier}" does not end in .ts`;
    const target = resolveRelative(path, specifier);
    if (inPackage !== null && target?.startsWith(inPackage[0]) !== true)
      return `import of "${specifier}" leaves the package`;
    if (target?.endsWith(".ts") === true && !files.has(target))
      return `import of "${specifier}": there is no such file`;
    if (target !== undefined && isTest(target) && !isTest(path)) return `imports a test, ${specifier}`;
  } else if (inPackage !== null && !specifier.startsWith("node:") && !isTest(path)) {
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    if (dependencies.get(inPackage[1] ?? "")?.has(name) !== true)
      return `imports ${name}, which is not a dependency of its package`;
  }
  return path.startsWith(coreSource) ? layerProblem(path.slice(coreSource.length), imported) : undefined;
}
