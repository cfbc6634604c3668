import { MillraceError } from "../errors/index.ts";
import type { UserFunction } from "./expression.ts";

/** The function that a module exports. @throws MillraceError USER_FUNCTION_MODULE_NOT_LOADED, USER_FUNCTION_NOT_EXPORTED */
export async function loadExport(url: string, exportName: string): Promise<UserFunction["closure"]> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(url)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("USER_FUNCTION_MODULE_NOT_LOADED", { module: url, name: exportName, reason }, { cause });
  }
  const found = module[exportName];
  if (typeof found !== "function") {
    throw new MillraceError("USER_FUNCTION_NOT_EXPORTED", { name: exportName, module: url });
  }
  return found as UserFunction["closure"];
}
