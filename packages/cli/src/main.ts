#!/usr/bin/env node
/** The `millrace` command. */
import { createRequire } from "node:module";
import { checkpointCommand } from "./checkpoint-command.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage:
  millrace run FILE [--json] [--grace SECONDS] [-- ARGUMENTS]
                        runs a module that starts streaming queries, and shows them
  millrace checkpoint show DIRECTORY
                        what a checkpoint says: query, last batch, watermark, offsets
  millrace checkpoint verify DIRECTORY
                        checks every file of a checkpoint without changing it
  millrace --version | --help
`;

/** Runs a command line; resolves to the exit code: 0 done, 1 failed, 2 wrong usage. */
async function main(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words;
  switch (command) {
    case "run":
      return (await runCommand(rest)) ?? wrongUsage("run needs a file");
    case "checkpoint":
      return (await checkpointCommand(rest)) ?? wrongUsage("checkpoint needs show or verify, and a directory");
    case "--version":
    case "-v": {
      const { version } = createRequire(import.meta.url)("../package.json") as { readonly version: string };
      process.stdout.write(`${version}\n`);
      return 0;
    }
    case "--help":
    case "-h":
      process.stdout.write(usage);
      return 0;
    default:
      return wrongUsage(command === undefined ? "a command is missing" : `there is no command ${command}`);
  }
}

function wrongUsage(reason: string): number {
  process.stderr.write(`millrace: ${reason}\n${usage}`);
  return 2;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // A user's mistake is one line; only a bug of ours (or of the job) shows where it happened.
    const known = error instanceof Error && error.name === "MillraceError" && !error.message.includes("INTERNAL_ERROR");
    process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);
