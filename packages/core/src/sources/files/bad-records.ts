/**
 * What happens to records that cannot be read.
 *
 * PERMISSIVE (the default) keeps the row with NULL for what could not be read and puts the record's text into the column
 * named by `columnNameOfCorruptRecord`, if the schema has it; DROPMALFORMED drops the row; FAILFAST ends the query with an
 * error that names file and line. With `badRecordsPath` (or `deadLetterPath`) bad records leave the result and are written
 * there, one JSON object a line: file, line, byte offset, reason, and the record as text or, when its bytes are not
 * UTF-8, as Base64.
 */
import { decodeUtf8, encodeUtf8, isValidUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import type { SourceContext } from "../contract.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";

export type ParseMode = "PERMISSIVE" | "DROPMALFORMED" | "FAILFAST";

export interface BadRecord {
  readonly path: string;
  /** 1-based; null when it is not known. */
  readonly line: number | null;
  /** Byte position in the (decompressed) file. */
  readonly offset: number;
  readonly reason: string;
  readonly bytes: Uint8Array;
}

export interface BadRecordOptions {
  readonly mode: ParseMode;
  readonly corruptColumn: string;
  readonly deadLetterPath: string | undefined;
  readonly maxRecordBytes: number;
}

/** Longest record that is read unless `maxRecordBytes` says otherwise. */
export const defaultMaxRecordBytes: number = 64 << 20;

export function readBadRecordOptions(options: OptionReader, context: SourceContext): BadRecordOptions {
  return {
    mode: options.oneOf("mode", ["PERMISSIVE", "DROPMALFORMED", "FAILFAST"], "PERMISSIVE"),
    corruptColumn:
      options.text("columnNameOfCorruptRecord") ??
      context.conf("spark.sql.columnNameOfCorruptRecord") ??
      "_corrupt_record",
    deadLetterPath: options.text("badRecordsPath", "deadLetterPath"),
    maxRecordBytes: options.bytes("maxRecordBytes") ?? defaultMaxRecordBytes,
  };
}

/** Longest part of a record that stands in an error message. */
const shownBytes = 200;

/** @throws MALFORMED_RECORD_IN_PARSING, naming file and line */
export function failFast(record: BadRecord): never {
  const shown = decodeUtf8(record.bytes, 0, Math.min(record.bytes.length, shownBytes));
  const line = record.line === null ? `byte ${record.offset}` : `line ${record.line}`;
  throw new MillraceError("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", {
    badRecord: record.bytes.length > shownBytes ? `${shown}...` : shown,
    where: `${record.path}, ${line}`,
    reason: record.reason,
    failFastMode: "FAILFAST",
  });
}

/** Dead letters that one read may hold unless `maxBadRecordsBytes` says otherwise. */
const defaultDeadLetterBytes = 64 << 20;

/**
 * Bad records on their way to the dead-letter file of a batch, which becomes durable with the batch and so is held in
 * memory until then: up to `maxBadRecordsBytes`.
 */
export class DeadLetters {
  #records: { readonly path: string; readonly offset: number; readonly line: string }[] = [];
  #held = 0;
  readonly #limit: number;

  constructor(options: OptionReader) {
    this.#limit = options.bytes("maxBadRecordsBytes") ?? defaultDeadLetterBytes;
  }

  /** @throws MillraceError BAD_RECORDS_LIMIT_EXCEEDED */
  add(record: BadRecord): void {
    const { path, line, offset, reason, bytes } = record;
    const utf8 = isValidUtf8(bytes, 0, bytes.length);
    const content = utf8 ? { record: decodeUtf8(bytes, 0, bytes.length) } : { recordBase64: base64(bytes) };
    const letter = JSON.stringify({ path, line, offset, reason, ...content });
    this.#held += letter.length;
    if (this.#held > this.#limit)
      throw new MillraceError("BAD_RECORDS_LIMIT_EXCEEDED", { path, limit: String(this.#limit) });
    this.#records.push({ path, offset, line: letter });
  }

  get size(): number {
    return this.#records.length;
  }

  clear(): void {
    this.#records = [];
    this.#held = 0;
  }

  /** All letters as JSON lines, in the order of files and positions whatever the order of reading; none are left. */
  take(): Uint8Array {
    const records = this.#records;
    this.clear();
    records.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.offset - b.offset));
    return encodeUtf8(records.map((r) => `${r.line}\n`).join(""));
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
