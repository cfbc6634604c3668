/** The tables of docs/differences.md: what may differ from Spark, and nothing else may. */
import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../../docs/differences.md", import.meta.url), "utf8");

/**
 * The SQL of the first column of the table under a heading, with its escapes undone.
 * @param heading text of the heading, without its number signs
 */
export function listedUnder(heading: string): ReadonlySet<string> {
  const [, section] = page.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`docs/differences.md has no heading ${heading}`);
  const rows = section.split("\n## ")[0]!.matchAll(/^\| `` (.+?) `` \|/gm);
  return new Set([...rows].map(([, sql]) => sql!.replaceAll("\\|", "|")));
}
