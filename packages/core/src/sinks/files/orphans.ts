/** Data files of attempts that never committed: no reader of the manifest sees them, they only take room. */
import type { CompactibleLog } from "../../checkpoint/compactible-log.ts";
import { type FileSinkEntry, visibleFiles } from "../../checkpoint/file-sink-log.ts";
import type { FileOperation } from "../../runtime/file-system.ts";
import type { StreamSinkContext } from "../contract.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import type { RowFormat } from "./row-format.ts";

const dataFile = /^part-\d{5,}-[0-9a-f-]{36}(?:[-.]c\d{3,})?\./;

/**
 * With the option `cleanOrphansOlderThan` (such as `1 day`): removes data files that are in no manifest and older than
 * that. Run when the query starts, before its first batch.
 */
export async function sweepOrphans(
  format: RowFormat,
  context: StreamSinkContext,
  path: string,
  manifest: CompactibleLog<FileSinkEntry>,
): Promise<void> {
  const options = new OptionReader(format.name, context.options);
  const age = options.milliseconds("cleanOrphansOlderThan");
  if (age === undefined) return;
  if (options.text("retention") !== undefined) {
    throw options.invalid(
      "cleanOrphansOlderThan",
      String(age),
      "It cannot be used with retention, which takes files out of the manifest.",
    );
  }
  const { fs, clock } = context.runtime;
  const listed = new Set(visibleFiles(await manifest.entries()).map((entry) => entry.path));
  const before = clock.nowMs() - age;
  const program: FileOperation[] = [];
  const sweep = async (directory: string): Promise<void> => {
    for (const { name, kind } of await fs.list(directory)) {
      const file = `${directory}/${name}`;
      if (kind === "directory" && name.includes("=")) await sweep(file);
      if (kind !== "file" || !dataFile.test(name) || listed.has(file)) continue;
      const status = await fs.stat(file);
      if (status !== null && status.modifiedMs < before) program.push({ op: "remove", path: file, ifExists: true });
    }
  };
  await sweep(path);
  if (program.length === 0) return;
  await fs.apply(program);
  context.warn(`Removed ${program.length} files of uncommitted batches from ${path}.`);
}
