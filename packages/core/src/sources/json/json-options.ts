import type { SourceContext } from "../contract.ts";
import { readBadRecordOptions } from "../files/bad-records.ts";
import type { RecordOptions } from "../files/record-file-reader.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { readEncoding, readLineSeparator, readSamplingRatio, refuseOthers } from "../files/text-options.ts";
import { readTextValues, type TextValues } from "../files/text-values.ts";
import type { JsonSyntax } from "./json-token.ts";

/** Spark's options of JSON sources. */
export interface JsonOptions extends RecordOptions {
  readonly syntax: JsonSyntax;
  readonly text: TextValues;
  readonly primitivesAsString: boolean;
  readonly prefersDecimal: boolean;
  readonly samplingRatio: number;
  readonly dropFieldIfAllNull: boolean;
  /** Name of the one column that takes whole records; undefined for columns by key. */
  readonly singleVariantColumn: string | undefined;
}

export function readJsonOptions(context: SourceContext): JsonOptions {
  const options = new OptionReader("json", context.options);
  const encoding = readEncoding(options);
  refuseOthers(options, { locale: /^en/i });
  return {
    encoding,
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
    singleVariantColumn: options.text("singleVariantColumn") || undefined,
  };
}
