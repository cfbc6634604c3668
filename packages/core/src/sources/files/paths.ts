/** Paths as users give them. */

/** An absolute path without `file:` scheme, empty segments and dots. Globs pass unharmed. */
export function absolutePath(path: string, workingDirectory: string): string {
  let local = path;
  const scheme = /^file:(?:\/\/(?:localhost)?(?=\/))?/.exec(path);
  if (scheme !== null) local = path.slice(scheme[0].length);
  const full = local.startsWith("/") ? local : `${workingDirectory}/${local}`;
  const segments: string[] = [];
  for (const segment of full.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") segments.pop();
    else segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

export function parentOf(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut <= 0 ? "/" : path.slice(0, cut);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
