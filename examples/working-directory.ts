import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where an example writes its input, output and checkpoint: an empty folder of its own, new for each run. */
export function workingDirectory(name: string): string {
  return process.env["MILLRACE_EXAMPLE_DIR"] ?? mkdtempSync(join(tmpdir(), `millrace-${name}-`));
}
