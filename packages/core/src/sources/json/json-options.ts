import type { SourceContext } from "../contract.ts";
import { readBadRecordOptions, type BadRecordOptions } from "../files/bad-records.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { readLineSeparator, readSamplingRatio, requireUtf8 } from "../files/text-options.ts";
import { readTextValues, type TextValues } from "../files/text-values.ts";
import type { JsonSyntax } from "./json-token.ts";

/** Spark's options of JSON sources. */
export interface JsonOptions {
  readonly syntax: JsonSyntax;
  readonly bad: BadRecordOptions;
  readonly text: TextValues;
  /** A file is one document: a record or an array of records. */
  readonly multiLine: boolean;
  readonly lineSeparator: Uint8Array | undefined;
  readonly primitivesAsString: boolean;
  readonly prefersDecimal: boolean;
  readonly samplingRatio: number;
  readonly dropFieldIfAllNull: boolean;
}

export function readJsonOptions(context: SourceContext): JsonOptions {
  const options = new OptionReader("json", context.options);
  requireUtf8(options);
  return {
    syntax: {
      singleQuotes: options.flag("allowSingleQuotes", true),
      nonNumericNumbers: options.flag("allowNonNumericNumbers", true),
      numericLeadingZeros: options.flag("allowNumericLeadingZeros", false),
      unquotedControlChars: options.flag("allowUnquotedControlChars", false),
      backslashEscapingAnyCharacter: options.flag("allowBackslashEscapingAnyCharacter", false),
      comments: options.flag("allowComments", false),
      unquotedFieldNames: options.flag("allowUnquotedFieldNames", false),
    },
    bad: readBadRecordOptions(options, context),
    text: readTextValues(options, context),
    multiLine: options.flag("multiLine", false),
    lineSeparator: readLineSeparator(options),
    primitivesAsString: options.flag("primitivesAsString", false),
    prefersDecimal: options.flag("prefersDecimal", false),
    samplingRatio: readSamplingRatio(options),
    dropFieldIfAllNull: options.flag("dropFieldIfAllNull", false),
  };
}
