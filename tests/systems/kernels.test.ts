import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileKernels } from "../../scripts/kernels/build-kernels.ts";

test("the WebAssembly in the sources is what its AssemblyScript gives", { timeout: 300_000 }, () => {
  for (const [path, text] of compileKernels()) expect(readFileSync(path, "utf8") === text, path).toBe(true);
});
