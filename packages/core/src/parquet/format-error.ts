/** Bytes that are not Parquet, or damaged. Whoever knows the file's name makes an error for the user of it. */
export class ParquetFormatError extends Error {
  override readonly name = "ParquetFormatError";
  /** Path of the column in the file, when one is concerned. */
  readonly column: string | undefined;
  constructor(message: string, column?: string) {
    super(message);
    this.column = column;
  }
}
