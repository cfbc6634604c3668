/** A copy of the repository's sources in which mutants are made and tests are run. */
import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import type { Edit } from "./mutant.ts";

const copied = ["packages", "tests", "package.json"];
const leftOut = new Set(["node_modules", "dist", ".cache"]);

/** What a test run said. */
export interface Verdict {
  readonly caught: boolean;
  /** The first test that failed and why; or that the time was up. */
  readonly reason: string;
}

interface TestReport {
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Replaces the texts of edits; each must occur exactly once. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { file, find, replace } of edits) {
    const parts = result.split(find);
    if (parts.length !== 2) {
      throw new Error(`${file} has ${parts.length - 1} times, not once: ${JSON.stringify(find)}`);
    }
    result = parts.join(replace);
  }
  return result;
}

export class Sandbox {
  readonly directory: string;
  /** Ends the tests that are running. */
  #end: () => void = () => undefined;

  constructor(repository: string) {
    this.directory = mkdtempSync(join(tmpdir(), "millrace-mutants-"));
    const files = readdirSync(repository).filter((name) => /^(tsconfig|vitest).*\.(json|ts)$/.test(name));
    for (const name of [...copied, ...files]) {
      cpSync(join(repository, name), join(this.directory, name), {
        recursive: true,
        filter: (from) => !leftOut.has(basename(from)),
      });
    }
    linkModules(join(repository, "node_modules"), join(this.directory, "node_modules"));
  }

  /** Makes the edits while `work` runs. */
  async with<T>(edits: readonly Edit[], work: () => Promise<T>): Promise<T> {
    const originals = new Map<string, string>();
    try {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        const path = join(this.directory, "packages/core/src", file);
        const text = readFileSync(path, "utf8");
        originals.set(path, text);
        writeFileSync(
          path,
          edited(
            text,
            edits.filter((edit) => edit.file === file),
          ),
        );
      }
      return await work();
    } finally {
      for (const [path, text] of originals) writeFileSync(path, text);
    }
  }

  /** Runs test files until one fails. */
  async test(config: string, files: readonly string[], timeoutMs: number): Promise<Verdict> {
    const report = join(this.directory, "report.json");
    rmSync(report, { force: true });
    const vitest = join(this.directory, "node_modules/vitest/vitest.mjs");
    const options = ["--bail=1", "--maxWorkers=1", "--reporter=json", `--outputFile=${report}`];
    const child = spawn(process.execPath, [vitest, "run", `--config=${config}`, ...options, ...files], {
      cwd: this.directory,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    let errors = "";
    child.stderr.on("data", (text) => {
      errors += String(text);
    });
    // The test processes are children of vitest and end with its process group.
    this.#end = () => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL"));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#end();
    }, timeoutMs);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    clearTimeout(timer);
    this.#end = () => undefined;
    if (late) return { caught: true, reason: `no end within ${timeoutMs / 1000} s` };
    if (code === 0) return { caught: false, reason: "" };
    return { caught: true, reason: firstFailure(report, errors) };
  }

  remove(): void {
    this.#end();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Modules are shared, but the packages of the repository are those of the copy: their links are relative. */
function linkModules(modules: string, own: string): void {
  mkdirSync(own);
  for (const entry of readdirSync(modules, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith(".") && name !== ".bin") continue;
    const target = entry.isSymbolicLink() ? readlinkSync(join(modules, name)) : "";
    if (name.startsWith("@")) linkModules(join(modules, name), join(own, name));
    else symlinkSync(target === "" || isAbsolute(target) ? join(modules, name) : target, join(own, name));
  }
}

/** @throws Error when no test failed: then the mutant is not a program, or the tests did not run */
function firstFailure(path: string, errors: string): string {
  const report = JSON.parse(readFileSync(path, "utf8")) as TestReport;
  for (const { assertionResults } of report.testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (failed === undefined) continue;
    const message = failed.failureMessages?.[0] ?? "";
    if (/^(SyntaxError|ReferenceError)/.test(message)) throw new Error(`the mutant is not a program: ${message}`);
    return `${failed.fullName}: ${message.split("\n")[0]!}`;
  }
  throw new Error(`no test ran: ${report.testResults.map(({ message }) => message).join("\n")}\n${errors}`);
}
