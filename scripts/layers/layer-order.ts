import { resolveRelative, type Import } from "./imports.ts";

/**
 * The folders of packages/core/src. A folder imports from itself and from those before it; folders in one row have the
 * same rank and do not import from each other.
 */
export const layerOrder: readonly (readonly string[])[] = [
  ["runtime"],
  ["errors"],
  ["types"],
  ["columnar"],
  ["expressions"],
  ["functions"],
  ["logical-plan"],
  ["sql"],
  ["analyzer"],
  ["optimizer"],
  ["codegen"],
  ["state"],
  ["physical-plan"],
  ["execution"],
  ["checkpoint"],
  ["parquet"],
  ["sources", "sinks"],
  ["streaming"],
  ["session"],
  ["api"],
];

/** Used by every folder; itself builds on the first of them only. */
const metricsFolder = "metrics";
const metricsMayImport: readonly string[] = ["runtime", "errors", "types"];

/** What sources and sinks say to each other: `sources/contract.ts`, `sinks/contract/…`, `sources/stream-contract.ts`. */
const contractFile = /^(?:sources|sinks)\/(?:contract\/.+|(?:[a-z0-9-]+-)?contract\.ts)$/;

/** Tests, type tests and what only tests import: `filter.test.ts`, `column.test-d.ts`, `arbitraries.test-support.ts`. */
const testFile = /\.(?:test|test-d|test-support)\.ts$/;
const nodeRuntime = /^runtime\/node\//;
/** What a thread runs first; it lies beside the folders, as the other entry points. */
const workerEntry = /^worker\.ts$/;

const rankOf = new Map(layerOrder.flatMap((row, rank) => row.map((folder) => [folder, rank] as const)));

export function isTest(path: string): boolean {
  return testFile.test(path);
}

/** Files of the core that talk to Node itself. */
export function mayUseNode(path: string): boolean {
  return nodeRuntime.test(path) || workerEntry.test(path) || isTest(path);
}

/**
 * What is wrong with one import of one file of the core.
 * @param path the importing file, relative to packages/core/src, with `/`
 * @returns a sentence, or undefined if the import is allowed
 */
export function layerProblem(path: string, imported: Import): string | undefined {
  if (isTest(path)) return undefined;
  if (imported.specifier.startsWith("node:")) {
    return mayUseNode(path)
      ? undefined
      : `imports ${imported.specifier}; only runtime/node and worker entry points may`;
  }
  if (!imported.specifier.startsWith(".")) return undefined;
  const target = resolveRelative(path, imported.specifier);
  if (target === undefined) return undefined;
  if (
    nodeRuntime.test(target) &&
    !nodeRuntime.test(path) &&
    !path.startsWith("api/") &&
    path !== "engine.ts" &&
    !workerEntry.test(path)
  ) {
    return `imports ${target}; only api, the entry point engine.ts and worker entry points may`;
  }
  const from = folderOf(path);
  const to = folderOf(target);
  if (from === undefined || from === to || to === metricsFolder) return undefined;
  if (to === undefined) return `imports ${target}; a folder does not import an entry point`;
  if (from === metricsFolder) {
    return metricsMayImport.includes(to)
      ? undefined
      : `imports ${target}; metrics may use ${metricsMayImport.join(", ")} only`;
  }
  const fromRank = rankOf.get(from);
  const toRank = rankOf.get(to);
  if (fromRank === undefined || toRank === undefined) return undefined; // reported once by unknownFolder
  if (fromRank > toRank) return undefined;
  // What a source or a sink is stands in plain contracts, which everything after the logical plan may speak of.
  if (contractFile.test(target) && fromRank > rankOf.get("logical-plan")!) return undefined;
  return fromRank === toRank
    ? `imports ${target}; ${from} and ${to} meet in contract files only`
    : `imports ${target}; ${to} comes after ${from}`;
}

/** The folder of a file of the core, if it is not one of the layers. */
export function unknownFolder(path: string): string | undefined {
  const folder = folderOf(path);
  return folder === undefined || folder === metricsFolder || rankOf.has(folder) ? undefined : folder;
}

function folderOf(path: string): string | undefined {
  const slash = path.indexOf("/");
  return slash < 0 ? undefined : path.slice(0, slash);
}
