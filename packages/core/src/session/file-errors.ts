import { MillraceError } from "../errors/index.ts";
import { FileSystemError } from "../runtime/file-system.ts";

/** Gives a failed file operation that nobody has explained the form in which users meet errors. */
export async function explainFileErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    const { code, operation, path } = error;
    throw new MillraceError("FILE_ACCESS_FAILED", { operation, path, code }, { cause: error });
  }
}
