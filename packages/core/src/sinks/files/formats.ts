/** The options and schemas of the file formats, as Spark has them for writing. */
import { encodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import { quoteIdentifier } from "../../types/identifier.ts";
import type { DataType } from "../../types/data-type.ts";
import { sqlName } from "../../types/type-names.ts";
import type { SinkContext } from "../contract.ts";
import type { OptionReader } from "../../logical-plan/option-reader.ts";
import { csvRowWriter, type CsvWriterOptions } from "./csv-writer.ts";
import { jsonRowWriter, type JsonWriterOptions } from "./json-writer.ts";
import type { RowFormat } from "./row-format.ts";
import { textRowWriter } from "./text-writer.ts";
import type { TimeFormats } from "./value-writers.ts";

function timeFormats(context: SinkContext, options: OptionReader): TimeFormats {
  return {
    timeZone: options.text("timeZone") ?? context.timeZone,
    date: options.text("dateFormat"),
    timestamp: options.text("timestampFormat"),
    timestampNtz: options.text("timestampNTZFormat"),
  };
}

function lineSeparator(options: OptionReader): Uint8Array {
  const separator = options.text("lineSep") ?? "\n";
  if (separator === "") throw options.invalid("lineSep", separator, "It is at least one character.");
  return encodeUtf8(separator);
}

/** Options that are not there are refused instead of ignored. */
function refuseOptions(options: OptionReader, refused: readonly string[]): void {
  for (const name of refused) {
    const value = options.text(name);
    if (value !== undefined && !/^false$/i.test(value)) {
      throw options.invalid(name, value, "This option is not available for writing; leave it out.");
    }
  }
}

function refuseType(format: string, column: string, type: DataType): MillraceError {
  return new MillraceError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", {
    format,
    columnName: quoteIdentifier(column),
    columnType: `"${sqlName(type)}"`,
  });
}

export const jsonRows: RowFormat = {
  name: "json",
  extension: ".json",
  open(context, options) {
    refuseOptions(options, ["pretty"]);
    const inSession = context.conf("spark.sql.jsonGenerator.ignoreNullFields") !== "false";
    const settings: JsonWriterOptions = {
      ignoreNullFields: options.flag("ignoreNullFields", inSession),
      lineSeparator: lineSeparator(options),
      times: timeFormats(context, options),
    };
    return (out) => jsonRowWriter(context.schema, settings, out);
  },
};

const separatorEscapes: Readonly<Record<string, string>> = {
  "\\t": "\t",
  "\\r": "\r",
  "\\b": "\b",
  "\\f": "\f",
  '\\"': '"',
  "\\'": "'",
  "\\\\": "\\",
  "\\u0000": "\0",
};

/** The option that is one ASCII character; the empty text stands for none, which is U+0000. */
function characterCode(options: OptionReader, names: readonly string[], otherwise: string): number {
  const text = options.character(names, otherwise);
  const code = text === "" ? 0 : text.charCodeAt(0);
  if (code > 0x7f) throw options.invalid(names[0]!, text, "Give an ASCII character.");
  return code;
}

function csvSettings(context: SinkContext, options: OptionReader): CsvWriterOptions {
  const separator = options.text("sep", "delimiter") ?? ",";
  const plain = separator.replaceAll(/\\(?:u0000|[trbf"'\\])/g, (escape) => separatorEscapes[escape]!);
  if (plain === "") throw options.invalid("sep", separator, "It is at least one character.");
  const quote = characterCode(options, ["quote"], '"');
  const escape = characterCode(options, ["escape"], "\\");
  return {
    separator: encodeUtf8(plain),
    quote,
    escape,
    escapeOfEscape:
      options.text("charToEscapeQuoteEscaping") === undefined
        ? quote === escape
          ? 0
          : escape
        : characterCode(options, ["charToEscapeQuoteEscaping"], ""),
    quoteAll: options.flag("quoteAll", false),
    escapeQuotes: options.flag("escapeQuotes", true),
    trimLeading: options.flag("ignoreLeadingWhiteSpace", true),
    trimTrailing: options.flag("ignoreTrailingWhiteSpace", true),
    nullValue: encodeUtf8(options.text("nullValue") ?? ""),
    emptyValue: encodeUtf8(options.text("emptyValue") ?? '""'),
    header: options.flag("header", false),
    lineSeparator: lineSeparator(options),
    times: timeFormats(context, options),
  };
}

const notInCsv: ReadonlySet<DataType["kind"]> = new Set(["array", "map", "struct", "binary", "null"]);

export const csvRows: RowFormat = {
  name: "csv",
  extension: ".csv",
  open(context, options) {
    const settings = csvSettings(context, options);
    for (const { name, type } of context.schema.fields)
      if (notInCsv.has(type.kind)) throw refuseType("CSV", name, type);
    return (out) => csvRowWriter(context.schema, settings, out);
  },
};

export const textRows: RowFormat = {
  name: "text",
  extension: ".txt",
  open(context, options) {
    const separator = lineSeparator(options);
    const { fields } = context.schema;
    if (fields.length !== 1) throw new MillraceError("_LEGACY_ERROR_TEMP_1290", { schemaSize: String(fields.length) });
    const { name, type } = fields[0]!;
    if (type.kind !== "string") throw refuseType("Text", name, type);
    return (out) => textRowWriter(separator, out);
  },
};
