/**
 * Makes the tarballs of the packages. A package is packed from a staged copy, because what is published differs from the
 * working folder: no source condition in `exports`, no sources, declarations that name each other by `.js`.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "..", "..");
export const sourceCondition = "millrace-source";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Packed {
  readonly manifest: Manifest;
  /** The folder that was packed. */
  readonly staged: string;
  readonly tarball: string;
  /** What is inside the tarball, relative to its root. */
  readonly files: readonly string[];
  readonly bytes: number;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Runs a program to its end and returns what it printed. @throws Error with its output when it fails */
export function run(program: string, args: readonly string[], cwd: string = root): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** The packages that are published: every workspace under packages/ that is not private. */
export function publishedPackages(): readonly string[] {
  const folders = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  return folders.filter((folder) => !("private" in readManifest(folder))).toSorted();
}

/** Compiles, after removing what the compiler left of sources that are gone. */
export function build(): void {
  for (const folder of publishedPackages()) removeStaleOutput(join(folder, "dist"), join(folder, "src"));
  run(join(root, "node_modules", ".bin", "tsc"), ["-b"]);
}

function removeStaleOutput(dist: string, src: string): void {
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    const path = join(dist, entry.name);
    if (entry.isDirectory()) removeStaleOutput(path, join(src, entry.name));
    else if (/\.(?:js|d\.ts)$/.test(entry.name)) {
      if (!existsSync(join(src, entry.name.replace(/\.(?:js|d\.ts)$/, ".ts")))) rmSync(path);
    }
  }
}

/** Packages of so many modules that they are put together (bundle.ts). */
const bundled: ReadonlySet<string> = new Set(["millrace"]);

/** Stages and packs every published package into `target`, which is emptied first. */
export function packAll(target: string): readonly Packed[] {
  rmSync(target, { recursive: true, force: true });
  return publishedPackages().map((folder) => {
    const staged = join(target, "staged", folder.slice(folder.lastIndexOf("/") + 1));
    const manifest = stage(folder, staged);
    const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", target], staged)) as [
      { filename: string; size: number; files: { path: string }[] },
    ];
    const files = packed.files.map((file) => file.path).toSorted();
    return { manifest, staged, tarball: join(target, packed.filename), files, bytes: packed.size };
  });
}

function stage(folder: string, staged: string): Manifest {
  mkdirSync(staged, { recursive: true });
  cpSync(join(folder, "dist"), join(staged, "dist"), { recursive: true });
  cpSync(join(root, "LICENSE"), join(staged, "LICENSE"));
  if (existsSync(join(folder, "README.md"))) cpSync(join(folder, "README.md"), join(staged, "README.md"));
  for (const path of readdirSync(staged, { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".d.ts")) continue;
    const file = join(staged, path);
    writeFileSync(file, declarationsByJavaScriptName(readFileSync(file, "utf8")));
  }
  const manifest = withoutSourceCondition(readManifest(folder));
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  if (bundled.has(manifest.name)) run(process.execPath, [join(import.meta.dirname, "bundle.ts"), staged]);
  return manifest;
}

/** The compiler rewrites imports in what it emits as JavaScript, and leaves those in declarations as they were. */
export function declarationsByJavaScriptName(declarations: string): string {
  return declarations.replace(/(\bfrom\s*|\bimport\s*\(?\s*)"(\.{1,2}\/[^"\n]*)\.ts"/g, '$1"$2.js"');
}

/** The condition under which this repository finds the sources names files that are not published. */
export function withoutSourceCondition(manifest: Manifest): Manifest {
  const exported = Object.entries(manifest.exports ?? {}).map(([path, target]) => {
    if (typeof target !== "object" || target === null) return [path, target];
    return [path, Object.fromEntries(Object.entries(target).filter(([condition]) => condition !== sourceCondition))];
  });
  return { ...manifest, exports: Object.fromEntries(exported) as Readonly<Record<string, unknown>> };
}
