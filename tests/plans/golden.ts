import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { isMillraceError } from "millrace";

/** Compares cases with their text in a golden file, or rewrites it with `npm run bless`. Case heads are lines `>>> name`. */
export async function expectGolden(
  file: URL,
  cases: Readonly<Record<string, () => Promise<string> | string>>,
): Promise<void> {
  const parts: string[] = [];
  for (const [name, run] of Object.entries(cases)) parts.push(`>>> ${name}\n${(await outcome(run)).trimEnd()}\n`);
  const actual = parts.join("\n");
  if (process.env["MILLRACE_BLESS"] === "1") writeFileSync(file, actual);
  else expect(actual).toBe(readFileSync(file, "utf8"));
}

/** The text of a case; of an error its class, message and whether it names the user's line. */
async function outcome(run: () => Promise<string> | string): Promise<string> {
  try {
    return await run();
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const site = error.context?.callSite;
    const place = site === undefined ? "" : `\nat ${/[\w.-]+\.ts/.exec(JSON.stringify(site))?.[0] ?? "?"}`;
    return `! ${error.message.split("\n")[0]!}${place}`;
  }
}
