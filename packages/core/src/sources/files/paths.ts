/** Paths as users give them, and as Spark writes them into logs. */

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

/** `file:///…` with the bytes escaped that Java's URI class escapes in a path: the form in Spark's source logs. */
export function fileUri(path: string): string {
  return `file://${encodeURI(path).replaceAll("#", "%23").replaceAll("?", "%3F").replaceAll("[", "%5B").replaceAll("]", "%5D")}`;
}

/** The local path of a `file:` URI (or of a path, which stays as it is). */
export function pathOfUri(uri: string): string {
  const match = /^file:(?:\/\/[^/]*)?(\/.*)$/.exec(uri);
  if (match === null) return uri;
  try {
    return decodeURIComponent(match[1]!);
  } catch {
    return match[1]!;
  }
}
