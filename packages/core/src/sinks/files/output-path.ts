import { MillraceError } from "../../errors/index.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import type { SinkContext } from "../contract.ts";
import type { RowFormat } from "./row-format.ts";

/** The directory to write to. */
export function outputPath(format: RowFormat, context: SinkContext): string {
  if (context.path === undefined) {
    throw new MillraceError("MISSING_OPTION", {
      provider: format.name,
      option: "path",
      hint: "Give the directory as the argument of start(path) or save(path).",
    });
  }
  return context.path;
}

/** Rows of a file after which the next one begins: the option or the setting of that name; 0 is any number. */
export function maxRecordsPerFile({ options, conf }: SinkContext): number | undefined {
  const set = conf("spark.sql.files.maxRecordsPerFile");
  const given = new OptionReader(
    "file sink",
    new Map([...(set === undefined ? [] : [["maxrecordsperfile", set] as const]), ...options]),
  );
  const most = given.count("maxRecordsPerFile", 0) ?? 0;
  return most === 0 ? undefined : most;
}
