import { MillraceError } from "../errors/index.ts";
import type { UserFunction } from "./expression.ts";

/** The function that a module exports. @throws MillraceError USER_FUNCTION_NOT_EXPORTED */
export async function loadExport(url: string, exportName: string): Promise<UserFunction["closure"]> {
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const found = module[exportName];
  if (typeof found !== "function") {
    throw new MillraceError("USER_FUNCTION_NOT_EXPORTED", { name: exportName, module: url });
  }
  return found as UserFunction["closure"];
}
