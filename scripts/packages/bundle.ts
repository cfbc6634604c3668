/**
 * `node bundle.ts FOLDER`: puts the modules of a staged package together, in place. A program that imports several hundred
 * small files needs three times as long until its first row.
 *
 * The entries are what `exports` names and what threads start from. Shared chunks lie in the folder of the modules that
 * start threads, so that `new URL("./file-worker.js", import.meta.url)` means the same as before.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rolldown } from "rolldown";
import { readManifest } from "./stage.ts";

const threadEntries = ["worker.js", "runtime/node/file-worker.js"];
const chunkFolder = "runtime/node";

const folder = process.argv[2]!;
const dist = join(folder, "dist");
const manifest = readManifest(folder);
const exported = Object.values(manifest.exports ?? {}).flatMap((target) => {
  const path = typeof target === "object" && target !== null ? (target as { default?: string }).default : undefined;
  return path?.endsWith(".js") === true ? [relative("dist", path)] : [];
});
const entries = [...exported, ...threadEntries.filter((entry) => existsSync(join(dist, entry)))];
const dependencies = Object.keys(manifest.dependencies ?? {});

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry.replace(/\.js$/, ""), join(dist, entry)])),
  platform: "node",
  external: (id) => id.startsWith("node:") || dependencies.some((name) => id === name || id.startsWith(`${name}/`)),
});
const { output } = await bundle.generate({
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: `${chunkFolder}/[name]-[hash].js`,
});
await bundle.close();
for (const path of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (path.endsWith(".js")) rmSync(join(dist, path));
}
const written = new Set(output.map(({ fileName }) => fileName));
for (const chunk of output) {
  if (chunk.type !== "chunk") throw new Error(`${chunk.fileName} is no module`);
  const path = join(dist, chunk.fileName);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, chunk.code);
}
for (const entry of entries) if (!written.has(entry)) throw new Error(`${entry} is missing in the bundle`);
