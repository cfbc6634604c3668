/**
 * Which directories of a source are partitions, and of which columns.
 *
 * Below the base of a path (the path itself, its parent when it is a file, or the option `basePath`) every directory named
 * `column=value` gives its files a value. Types are inferred over all directories; the user's schema goes first.
 * @see Spark, `PartitioningUtils.parsePartitions`
 */
import { MillraceError } from "../../errors/index.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";
import { unescapePathName } from "../../logical-plan/partition-path.ts";
import { type Field, field, type StructType } from "../../types/data-type.ts";
import type { SourceContext } from "../contract.ts";
import { commonPartitionType, inferPartitionType, partitionValue } from "./partition-values.ts";
import { absolutePath, parentOf, nameOf } from "./paths.ts";

export interface PartitionOptions {
  /** Directory above which nothing is a partition; absent: the paths themselves. */
  readonly basePath: string | undefined;
  readonly inference: boolean;
  readonly caseSensitive: boolean;
  readonly timeZone: string;
}

export function readPartitionOptions(options: OptionReader, context: SourceContext): PartitionOptions {
  const basePath = options.text("basePath");
  const working = context.runtime.process.workingDirectory;
  return {
    basePath: basePath === undefined ? undefined : absolutePath(basePath, working),
    inference: context.conf("spark.sql.sources.partitionColumnTypeInference.enabled")?.toLowerCase() !== "false",
    caseSensitive: context.conf("spark.sql.caseSensitive")?.toLowerCase() === "true",
    timeZone: options.text("timeZone") ?? context.timeZone,
  };
}

/** The names and values in a path below a base, as they stand there; and where the walk up from the directory ended. */
export interface ParsedDirectory {
  readonly columns: readonly { readonly name: string; readonly raw: string }[];
  readonly base: string;
}

/** null for what lies in `_temporary`. */
export function parseDirectory(directory: string, bases: ReadonlySet<string>): ParsedDirectory | null {
  const columns: { readonly name: string; readonly raw: string }[] = [];
  let current = directory;
  while (!bases.has(current) && current !== "/") {
    const segment = nameOf(current);
    if (segment.toLowerCase() === "_temporary") return null;
    const at = segment.indexOf("=");
    if (at < 0 && columns.length > 0) break;
    if (at >= 0) {
      if (at === 0) throw new MillraceError("EMPTY_PARTITION_COLUMN_NAME", { columnSpec: segment });
      if (at === segment.length - 1) throw new MillraceError("EMPTY_PARTITION_COLUMN_VALUE", { columnSpec: segment });
      columns.push({ name: unescapePathName(segment.slice(0, at)), raw: segment.slice(at + 1) });
    }
    current = parentOf(current);
  }
  return { columns: columns.reverse(), base: columns.length === 0 ? directory : current };
}

/** The partition columns of the directories that hold files; none when nothing is partitioned. */
export function partitionColumns(
  directories: readonly string[],
  bases: ReadonlySet<string>,
  options: PartitionOptions,
  given: StructType | undefined,
): readonly Field[] {
  const parsed = directories.flatMap((directory) => {
    const found = parseDirectory(directory, bases);
    return found === null ? [] : [{ directory, ...found }];
  });
  const partitions = parsed.filter(({ columns }) => columns.length > 0);
  const first = partitions[0];
  if (first === undefined) return [];
  const discovered = [...new Set(parsed.map(({ base }) => base))];
  if (new Set(discovered.map((base) => base.toLowerCase())).size > 1) {
    throw new MillraceError("CONFLICTING_DIRECTORY_STRUCTURES", { discoveredBasePaths: discovered.join(", ") });
  }
  checkSameColumns(partitions, options);
  return first.columns.map(({ name }, i) => {
    const wanted = given?.fields.find((f) => sameColumn(f.name, name, options));
    const values = [...new Set(partitions.map(({ columns }) => columns[i]!.raw))];
    const type =
      wanted?.type ??
      commonPartitionType(values.map((raw) => inferPartitionType(raw, options.inference, options.timeZone)));
    const known = wanted?.name ?? name;
    for (const raw of values) partitionValue(raw, type, known, options.timeZone);
    return field(known, type);
  });
}

export function sameColumn(a: string, b: string, options: { readonly caseSensitive: boolean }): boolean {
  return options.caseSensitive ? a === b : a.toLowerCase() === b.toLowerCase();
}

function checkSameColumns(
  partitions: readonly (ParsedDirectory & { readonly directory: string })[],
  options: PartitionOptions,
): void {
  const lists = new Map<string, string>();
  for (const { columns, directory } of partitions) {
    const names = columns.map(({ name }) => name).join(", ");
    const key = options.caseSensitive ? names : names.toLowerCase();
    if (!lists.has(key)) lists.set(key, directory);
  }
  if (lists.size < 2) return;
  throw new MillraceError("CONFLICTING_PARTITION_COLUMN_NAMES", {
    distinctPartColLists: [...lists.keys()].map((names) => `[${names}]`).join(", "),
    suspiciousPaths: [...lists.values()].join(", "),
  });
}

/** Values of the partition columns of a file, as they stand in its path; null for a column that the path does not have. */
export function partitionOfFile(
  path: string,
  bases: ReadonlySet<string>,
  columns: readonly string[],
  options: { readonly caseSensitive: boolean },
): readonly (string | null)[] {
  const parsed = parseDirectory(parentOf(path), bases)?.columns ?? [];
  return columns.map((name) => parsed.find((each) => sameColumn(each.name, name, options))?.raw ?? null);
}
