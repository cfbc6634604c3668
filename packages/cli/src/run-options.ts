import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Misuse } from "./misuse.ts";
import { restartDefaults } from "./restart.ts";

const defaultGraceSeconds = 30;

export interface RunOptions {
  /** Absolute path of the module. */
  readonly file: string;
  readonly json: boolean;
  readonly graceSeconds: number;
  /** How often the module may be started again; 0: never. */
  readonly restarts: number;
  /** For the module. */
  readonly words: readonly string[];
}

/** What the words after `run` say. @throws Misuse */
export function runOptions(words: readonly string[]): RunOptions {
  const separator = words.indexOf("--");
  const own = separator < 0 ? words : words.slice(0, separator);
  const unknown = own.find(
    (word) => word.startsWith("-") && !/^--(?:json|grace|grace=.*|restart|restart=.*)$/.test(word),
  );
  if (unknown !== undefined) throw new Misuse(`run has no option ${unknown}; the module's own options come after --`);
  // `--restart` may stand alone, and so takes its number by `=` only.
  const restart = own.findLast((word) => /^--restart(?:=|$)/.test(word));
  const restarts =
    restart === undefined ? 0 : restart === "--restart" ? restartDefaults.budget : Number(restart.slice(10));
  if (!Number.isSafeInteger(restarts) || restarts < 0)
    throw new Misuse(`--restart=N wants a number of restarts, not ${restart}`);
  const { values, positionals } = parseArgs({
    args: own.filter((word) => !word.startsWith("--restart")),
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
    restarts,
    words: separator < 0 ? [] : words.slice(separator + 1),
  };
}
