import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./packages/stage.ts";

const folders = ["packages", "tests", "scripts", "benchmarks", "examples", "docs"];
const skipped = new Set(["node_modules", "dist", ".cache"]);

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return skipped.has(entry.name) ? [] : [`${path}/`, ...filesIn(path)];
  });
}

const files = folders.flatMap((folder) => [`${folder}/`, ...filesIn(folder)]);
/** What looks like the path of a file or folder: `optimizer/optimize.ts`, `window.ts`, `execution/memory/`. */
const path = /`(?<name>[\w.-]+(?:\/[\w.-]+)*(?:\.(?:ts|plan|slt|md|golden)|\/))`/g;
/** Not of the repository: folders of a checkpoint, and of a build. */
const others = new Set(["offsets/", "commits/", "state/", "sources/", ".pack/", "_engine/", ".cache/"]);

test.each(["ARCHITECTURE.md", "CONTRIBUTING.md"])("the files that %s names are there", (document) => {
  const named = [...readFileSync(join(root, document), "utf8").matchAll(path)].map(({ groups }) => groups!["name"]!);
  expect(named.length).toBeGreaterThan(30);
  const missing = named.filter((name) => !others.has(name) && !files.some((file) => `/${file}`.endsWith(`/${name}`)));
  expect(missing).toEqual([]);
});
