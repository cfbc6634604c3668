import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const block = /(?:<!-- from (?<source>\S+) -->\n)?```(?<language>\w*)\n(?<code>[^]*?)\n```/g;

const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => (name.endsWith(".md") ? [`${folder}/${name}`] : []));
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...markdownIn("docs"),
  ...readdirSync(join(root, "packages")).flatMap((name) => markdownIn(`packages/${name}`)),
  ...readdirSync(join(root, "examples"), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? markdownIn(`examples/${entry.name}`) : [],
  ),
];

/**
 * Code in the documentation says which file it is from, and is there, line by line: an example that is run and whose output is
 * compared, or a test.
 */
describe.each(documents)("%s", (document) => {
  const blocks = [...readFileSync(join(root, document), "utf8").matchAll(block)].map(({ groups }) => groups!);
  const quoted = blocks.filter(({ source }) => source !== undefined);

  test(`quotes its ${quoted.length} blocks`, () => {
    for (const { source, code } of quoted) {
      expect(readFileSync(join(root, source!), "utf8")).toContain(`${code}\n`);
    }
  });

  test("quotes files that are run", () => {
    for (const { source } of quoted) {
      if (source!.endsWith(".test.ts")) continue;
      const [folder, example] = source!.split("/");
      expect(folder, source).toBe("examples");
      const isRun = ["expected.txt", "main.test.ts"].some((name) => existsSync(join(root, "examples", example!, name)));
      expect(isRun, source).toBe(true);
    }
  });

  test("has no TypeScript of its own", () => {
    const own = blocks.filter(({ source, language }) => source === undefined && language === "ts");
    expect(own.map(({ code }) => code)).toEqual([]);
  });
});
