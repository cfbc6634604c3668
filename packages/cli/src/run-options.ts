import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Misuse } from "./misuse.ts";

const defaultGraceSeconds = 30;

export interface RunOptions {
  /** Absolute path of the module. */
  readonly file: string;
  readonly json: boolean;
  readonly graceSeconds: number;
  /** For the module. */
  readonly words: readonly string[];
}

/** What the words after `run` say. @throws Misuse */
export function runOptions(words: readonly string[]): RunOptions {
  const separator = words.indexOf("--");
  const own = separator < 0 ? words : words.slice(0, separator);
  const unknown = own.find((word) => word.startsWith("-") && !/^--(?:json|grace|grace=.*)$/.test(word));
  if (unknown !== undefined) throw new Misuse(`run has no option ${unknown}; the module's own options come after --`);
  const { values, positionals } = parseArgs({
    args: [...own],
    allowPositionals: true,
    strict: false,
    options: { json: { type: "boolean", default: false }, grace: { type: "string" } },
  });
  const [file, more] = positionals;
  if (file === undefined) throw new Misuse("run needs a file");
  if (more !== undefined) throw new Misuse(`run takes one file; the module's own arguments come after --: ${more}`);
  const graceSeconds = values.grace === undefined ? defaultGraceSeconds : Number(values.grace);
  if (!(graceSeconds >= 0)) throw new Misuse(`--grace wants a number of seconds, not ${String(values.grace)}`);
  const path = resolve(file);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw new Misuse(`there is no file ${path}`);
  return {
    file: path,
    json: values.json === true,
    graceSeconds,
    words: separator < 0 ? [] : words.slice(separator + 1),
  };
}
