/** The sources over files. */
import { csvFormat } from "../csv/csv-format.ts";
import type { SourceProvider } from "../contract.ts";
import { jsonFormat } from "../json/json-format.ts";
import { binaryFileFormat } from "../binary-file/binary-file-format.ts";
import { parquetFormat } from "../parquet/parquet-format.ts";
import { tailProvider } from "../tail/tail-provider.ts";
import { textFormat } from "../text/text-format.ts";
import { fileProvider } from "./file-provider.ts";

export const jsonProvider: SourceProvider = fileProvider(jsonFormat);
export const csvProvider: SourceProvider = fileProvider(csvFormat);
export const textProvider: SourceProvider = fileProvider(textFormat);
export const parquetProvider: SourceProvider = fileProvider(parquetFormat);

/** json, csv, text, parquet, binaryfile, tail. */
export const fileProviders: readonly SourceProvider[] = [
  jsonProvider,
  csvProvider,
  textProvider,
  parquetProvider,
  fileProvider(binaryFileFormat),
  tailProvider([jsonFormat, csvFormat, textFormat]),
];
