/**
 * Paths as Spark writes them into its logs: Hadoop's `Path.toUri.toString`, that is `file://` and the path with everything
 * percent-encoded that Java's `URI` quotes. Characters beyond ASCII stay as they are unless they are control or space
 * characters.
 */
const legal = /[A-Za-z0-9_\-!.~'()*,;:$&+=@/]/;
const quotedBeyondAscii = /[\p{Cc}\p{Z}\p{Cs}]/u;
const encoder = new TextEncoder();

function quote(char: string): string {
  return [...encoder.encode(char)].map((b) => `%${b.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** The URI of an absolute local path. */
export function uriOfPath(path: string): string {
  let uri = "file://";
  for (const char of path) {
    const isLegal = char.charCodeAt(0) < 0x80 ? legal.test(char) : !quotedBeyondAscii.test(char);
    uri += isLegal ? char : quote(char);
  }
  return uri;
}

/** The local path of a `file:` URI, or null when it is something else. */
export function pathOfUri(uri: string): string | null {
  const match = /^file:(?:\/\/)?(\/.*)$/s.exec(uri);
  if (match === null) return null;
  const bytes: number[] = [];
  const encoded = encoder.encode(match[1]!);
  for (let i = 0; i < encoded.length; i++) {
    if (encoded[i] !== 0x25) {
      bytes.push(encoded[i]!);
      continue;
    }
    const digits = String.fromCharCode(encoded[i + 1] ?? 0, encoded[i + 2] ?? 0);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) return null;
    bytes.push(Number.parseInt(digits, 16));
    i += 2;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
