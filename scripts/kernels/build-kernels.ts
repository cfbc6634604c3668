/**
 * Compiles the WebAssembly kernels: `npm run kernels`. AssemblyScript is installed into .cache, once; the result is a
 * generated file in the sources, so that neither users nor the other commands need the compiler.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const version = "0.28.20";
const root = fileURLToPath(new URL("../../", import.meta.url));
const kernels = [
  {
    source: "packages/core/kernels/json-scan.ts",
    target: "packages/core/src/sources/json/json-kernel.generated.ts",
    name: "jsonKernelBinary",
  },
  {
    source: "packages/core/kernels/key-table.ts",
    target: "packages/core/src/columnar/key-table-kernel.generated.ts",
    name: "keyTableBinary",
  },
  {
    source: "packages/core/kernels/text-scan.ts",
    target: "packages/core/src/columnar/text-kernel.generated.ts",
    name: "textKernelBinary",
  },
  {
    source: "packages/core/kernels/lz4.ts",
    target: "packages/core/src/state/lz4-kernel.generated.ts",
    name: "lz4KernelBinary",
  },
] as const;

function compiler(): string {
  const place = `${root}.cache/assemblyscript-${version}`;
  const command = `${place}/node_modules/assemblyscript/bin/asc.js`;
  if (!existsSync(command)) {
    mkdirSync(place, { recursive: true });
    writeFileSync(`${place}/package.json`, "{}");
    const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", `assemblyscript@${version}`];
    execFileSync("npm", install, { cwd: place, stdio: ["ignore", "ignore", "inherit"] });
  }
  return command;
}

/** Texts of the generated files, by path. */
export function compileKernels(): ReadonlyMap<string, string> {
  const command = compiler();
  const texts = new Map<string, string>();
  for (const { source, target, name } of kernels) {
    const output = `${root}.cache/kernel.wasm`;
    const options = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd", "--importMemory"];
    execFileSync(process.execPath, [command, source, ...options, "-o", output], { cwd: root, stdio: "inherit" });
    const text = readFileSync(output)
      .toString("base64")
      .replaceAll(/.{1,110}/g, (part) => `  "${part}" +\n`);
    texts.set(
      `${root}${target}`,
      `/** Made from ${source} by npm run kernels. */\nexport const ${name}: string =\n${text.replace(/ \+\n$/, ";\n")}`,
    );
  }
  return texts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of compileKernels()) {
    writeFileSync(path, text);
    process.stdout.write(`${path.slice(root.length)}\n`);
  }
}
