import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const block = /<!-- from (?<source>\S+) -->\n```\w*\n(?<code>[^]*?)\n```/g;

/** Code in the documentation that says which file it is from must be there, line by line: the files are run. */
describe.each(["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)])("%s", (document) => {
  const text = document.endsWith(".md") ? (readIfThere(join(root, document)) ?? "") : "";
  const blocks = [...text.matchAll(block)].map(
    ({ groups }) => [groups?.["source"] ?? "", groups?.["code"] ?? ""] as const,
  );
  test(`quotes its ${blocks.length} blocks of code`, () => {
    for (const [source, code] of blocks) expect(readFileSync(join(root, source), "utf8")).toContain(`${code}\n`);
  });
});

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
