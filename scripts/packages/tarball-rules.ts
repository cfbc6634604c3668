import type { Manifest } from "./stage.ts";

const allowed = /^(?:dist\/.+\.(?:js|d\.ts|json|wasm)|README\.md|LICENSE|package\.json)$/;
const test = /\.(?:test|test-d|test-support|bench)\.|(?:^|\/)(?:fixtures|src)\//;
const required = ["README.md", "LICENSE", "package.json"];
const installScripts = ["preinstall", "install", "postinstall"];
export const maximumDependencies = 10;

/** What is wrong with the files of a tarball, in words. */
export function contentProblems(files: readonly string[]): readonly string[] {
  const problems = files.filter((file) => !allowed.test(file) || test.test(file)).map((file) => `contains ${file}`);
  for (const file of required) if (!files.includes(file)) problems.push(`has no ${file}`);
  if (!files.some((file) => file.startsWith("dist/"))) problems.push("has no dist");
  return problems;
}

/** What is wrong with a published manifest; `version` is the one version of all packages. */
export function manifestProblems(manifest: Manifest, version: string): readonly string[] {
  const problems: string[] = [];
  if (manifest.version !== version) problems.push(`has version ${manifest.version}, not ${version}`);
  if (manifest.license !== "Apache-2.0") problems.push("has no license Apache-2.0");
  if (manifest.engines?.["node"] !== ">=24") problems.push("does not ask for Node >=24");
  if (manifest.exports?.["./internal/*"] !== null) problems.push('does not close "./internal/*"');
  if (installScriptsOf(manifest).length > 0) problems.push("has install scripts");
  const dependencies = Object.entries(manifest.dependencies ?? {});
  if (dependencies.length > maximumDependencies) problems.push(`has ${dependencies.length} dependencies`);
  for (const [name, range] of dependencies) {
    if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range))
      problems.push(`depends on ${name} ${range}, not on an exact version`);
    if (/^(?:@millrace\/.+|millrace)$/.test(name) && range !== version) problems.push(`depends on ${name} ${range}`);
  }
  return problems;
}

/** The scripts of a package that npm would run while it installs it. */
export function installScriptsOf(manifest: Manifest): readonly string[] {
  return installScripts.filter((name) => manifest.scripts?.[name] !== undefined);
}
