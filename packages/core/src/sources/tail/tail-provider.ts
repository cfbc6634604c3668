import type { StructType } from "../../types/data-type.ts";
import type { MicroBatchSource, ScanRequest, SourceContext, SourceProvider, StreamSourceContext } from "../contract.ts";
import type { FileFormat } from "../files/file-format.ts";
import { schemaOfFiles } from "../files/file-provider.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import { TailSource } from "./tail-source.ts";

/** `readStream.format("tail").option("format", "json")`: the format of the lines is one of the given, `text` by default. */
export function tailProvider(formats: readonly FileFormat[]): SourceProvider {
  const formatOf = (context: SourceContext): FileFormat => {
    const options = new OptionReader("tail", context.options);
    const name = options.oneOf(
      "format",
      formats.map((format) => format.name),
      "text",
    );
    if (options.flag("multiLine", false) || options.flag("wholetext", false)) {
      throw options.invalid(
        options.text("multiLine") === undefined ? "wholetext" : "multiLine",
        "true",
        "Growing files are read line by line.",
      );
    }
    const separator = options.text("lineSep");
    if (separator !== undefined && separator !== "\n") {
      throw options.invalid("lineSep", separator, "Lines of growing files end with LF or CRLF.");
    }
    return formats.find((format) => format.name === name)!;
  };
  return {
    names: ["tail"],
    async inferSchema(context: SourceContext, given: StructType | undefined, streaming: boolean): Promise<StructType> {
      return schemaOfFiles(context, formatOf(context), given, streaming, false);
    },
    async openStream(context: StreamSourceContext, request: ScanRequest): Promise<MicroBatchSource> {
      return new TailSource(context, formatOf(context), request);
    },
  };
}
