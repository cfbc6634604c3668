import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readManifest, root } from "./packages/stage.ts";
import { manifestProblems } from "./packages/tarball-rules.ts";

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

describe("the lock file", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  const installed = Object.entries(lock.packages).filter(
    ([path, entry]) => path.includes("node_modules/") && entry.link !== true,
  );

  test("names no registry", () => {
    expect(installed.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  test("knows the version and the hash of every package", () => {
    expect(installed.filter(([, e]) => e.version === undefined || e.integrity === undefined)).toEqual([]);
  });
});

describe("the packages", () => {
  const { version } = readManifest(root);
  const folders = [
    "benchmarks",
    "examples",
    "scripts/node-24",
    ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`),
  ];

  test.each(folders)("%s has the version of the repository", (folder) => {
    expect(readManifest(join(root, folder)).version).toBe(version);
  });

  test.each(readdirSync(join(root, "packages")))("the manifest of %s can be published", (name) => {
    expect(manifestProblems(readManifest(join(root, "packages", name)), version)).toEqual([]);
  });
});
