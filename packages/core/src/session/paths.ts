import type { Runtime } from "../runtime/runtime.ts";
import { MillraceError } from "../errors/index.ts";

/**
 * The absolute path of what a user wrote: `logs/`, `/var/log`, `file:///var/log`. Globs are left as they are. Other
 * schemes than `file` need a connector.
 */
export function absolutePath(path: string, runtime: Runtime): string {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(path)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "file") {
    throw new MillraceError("UNSUPPORTED_PATH_SCHEME", { path, scheme });
  }
  const plain = scheme === "file" ? decodeURIComponent(path.replace(/^file:(\/\/[^/]*)?/i, "")) : path;
  const absolute = plain.startsWith("/") ? plain : `${runtime.process.workingDirectory}/${plain}`;
  const parts: string[] = [];
  for (const part of absolute.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}
