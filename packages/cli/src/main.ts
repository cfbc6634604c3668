#!/usr/bin/env node
/** The `millrace` command. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { checkpointOptions } from "./checkpoint-options.ts";
import { Misuse } from "./misuse.ts";
import { reportFailure } from "./report-failure.ts";
import { runOptions } from "./run-options.ts";

const usage = `usage:
  millrace run FILE [--json] [--grace SECONDS] [--restart[=N]] [-- ARGUMENTS]
                        runs a module that starts streaming queries, and shows them:
                        a line per query, or with --json an object per batch.
                        Ctrl-C lets the running batches commit, at most SECONDS (30);
                        --restart: after failures that may be gone by then it is run
                        again, at most N times (10), after growing delays
  millrace checkpoint show DIRECTORY
                        what a checkpoint says: query, last batch, watermark, offsets
  millrace checkpoint verify DIRECTORY
                        checks every file of a checkpoint without changing it
  millrace checkpoint state DIRECTORY [--operator NAME] [--batch N] [--where EXPRESSION]
        [--join-side left|right | --store NAME] [--changes FROM[-TO]] [--limit N] [--json]
                        keys and values of an operator's state after a batch, or what
                        batches changed; EXPRESSION over key and value, in SQL
  millrace checkpoint diff DIRECTORY FILE [-- ARGUMENTS]
                        runs the module without starting its queries, and says what of
                        the checkpoint they would keep, compute again, or be refused for
  millrace checkpoint repair DIRECTORY [--apply]
                        says what can be mended without losing rows; --apply does it
  millrace checkpoint repartition DIRECTORY PARTITIONS
                        deals the state of a stopped query out to another number of
                        partitions
  millrace checkpoint erase DIRECTORY KEY [--column NAME] [--operator NAME] [--store NAME] [--dry-run]
                        removes what belongs to a key from the state of a stopped query,
                        in all versions; --dry-run says what would go
        all but diff, of an encrypted checkpoint: --keys REFERENCES,
        such as env:CHECKPOINT_KEY or file:/run/secrets/key
  millrace --version | --help
`;

/** Runs a command line; resolves to the exit code: 0 done, 1 failed, 2 wrong usage, 75 failed and may do well later. */
async function main(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (own.includes("--help") || own.includes("-h")) return help();
  switch (command) {
    // The engine is loaded for words that make sense only.
    case "run": {
      const options = runOptions(rest);
      if (options.restarts > 0) return (await import("./supervise.ts")).supervise(options, rest);
      return (await import("./run-command.ts")).runCommand(options);
    }
    case "checkpoint": {
      const options = checkpointOptions(rest);
      const { path } = options;
      if (!holdsCheckpoint(path)) {
        const reason = existsSync(path) ? "the directory holds no checkpoint" : "there is no such directory";
        process.stderr.write(`millrace: ${path}: ${reason}\n`);
        return 1;
      }
      return (await import("./checkpoint-command.ts")).checkpointCommand(options);
    }
    case "--version":
    case "-v": {
      const { version } = createRequire(import.meta.url)("../package.json") as { readonly version: string };
      process.stdout.write(`${version}\n`);
      return 0;
    }
    case "--help":
    case "-h":
      return help();
    default:
      throw new Misuse(command === undefined ? "a command is missing" : `there is no command ${command}`);
  }
}

function holdsCheckpoint(path: string): boolean {
  return ["metadata", "offsets", "commits"].some((name) => existsSync(join(path, name)));
}

function help(): number {
  process.stdout.write(usage);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof Misuse) {
      process.stderr.write(`millrace: ${error.message}\n${usage}`);
      process.exitCode = 2;
      return;
    }
    reportFailure(error);
    process.exitCode = 1;
  },
);
