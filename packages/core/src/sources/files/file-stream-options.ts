import { MillraceError } from "../../errors/index.ts";
import type { ReadLimit, SourceContext } from "../contract.ts";
import type { CompactibleLogOptions } from "../../checkpoint/compactible-log.ts";
import { parseMillis } from "../../types/quantities.ts";
import { countSetting } from "../settings.ts";
import { absolutePath } from "./paths.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";

const weekMs = 604_800_000;

/** Spark's options of file streams. */
export interface FileStreamOptions {
  readonly limit: ReadLimit;
  readonly latestFirst: boolean;
  readonly maxFileAgeMs: number;
  readonly fileNameOnly: boolean;
  readonly maxCachedFiles: number;
  /** Part of a batch's limit below which cached files are dropped and the directory is listed again. */
  readonly discardCachedRatio: number;
  readonly clean: { readonly kind: "off" | "delete" } | { readonly kind: "archive"; readonly directory: string };
  /** Of the log of the files that were taken. */
  readonly log: CompactibleLogOptions;
}

export function readFileStreamOptions(options: OptionReader, context: SourceContext): FileStreamOptions {
  const maxFiles = options.count("maxFilesPerTrigger");
  const maxBytes = options.bytes("maxBytesPerTrigger");
  if (maxFiles !== undefined && maxBytes !== undefined) {
    throw options.invalid("maxBytesPerTrigger", String(maxBytes), "It cannot be set together with maxFilesPerTrigger.");
  }
  for (const name of ["modifiedBefore", "modifiedAfter"]) {
    const value = options.text(name);
    if (value !== undefined) throw options.invalid(name, value, "It is for batch reads only.");
  }
  const latestFirst = options.flag("latestFirst", false);
  const limited = maxFiles !== undefined || maxBytes !== undefined;
  const ratio = Number(options.text("discardCachedInputRatio") ?? "0.2");
  if (!(ratio >= 0 && ratio <= 1)) {
    throw options.invalid(
      "discardCachedInputRatio",
      String(options.text("discardCachedInputRatio")),
      "It is between 0 and 1.",
    );
  }
  const delay = context.conf("spark.sql.streaming.fileSource.log.cleanupDelay") ?? "0";
  return {
    limit:
      maxFiles !== undefined
        ? { kind: "maxFiles", files: maxFiles }
        : maxBytes !== undefined
          ? { kind: "maxBytes", bytes: maxBytes }
          : { kind: "all" },
    latestFirst,
    // The newest files come first: all others would be too old at once.
    maxFileAgeMs: latestFirst && limited ? Infinity : (options.milliseconds("maxFileAge") ?? weekMs),
    fileNameOnly: options.flag("fileNameOnly", false),
    maxCachedFiles: options.count("maxCachedFiles", 0) ?? 10_000,
    discardCachedRatio: ratio,
    clean: readClean(options, context),
    log: {
      compactInterval: countSetting(context, "spark.sql.streaming.fileSource.log.compactInterval", 10),
      // Nobody reads this log but its own query, which needs no more than the batches that are retained.
      cleanupDelayMs: parseMillis(delay) ?? 0,
      minBatchesToRetain: countSetting(context, "spark.sql.streaming.minBatchesToRetain", 100),
    },
  };
}

function readClean(options: OptionReader, context: SourceContext): FileStreamOptions["clean"] {
  const kind = options.oneOf("cleanSource", ["off", "delete", "archive"], "off");
  if (kind !== "archive") return { kind };
  const directory = options.text("sourceArchiveDir");
  if (directory === undefined) {
    throw new MillraceError("MISSING_OPTION", {
      provider: options.provider,
      option: "sourceArchiveDir",
      hint: "cleanSource = archive moves files there.",
    });
  }
  return { kind, directory: absolutePath(directory, context.runtime.process.workingDirectory) };
}
