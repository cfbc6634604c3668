/** Parts of URLs as `java.net.URI` finds them, and percent encoding as HTML forms have it. */
import { encodeUtf8, decodeUtf8 } from "../../columnar/utf8.ts";
import { MillraceError } from "../../errors/index.ts";
import { stringType } from "../../types/data-type.ts";
import type { ScalarFunction } from "../function.ts";
import type { ByteResult } from "../kernels/bytes.ts";
import { signature } from "../resolution.ts";
import { example, resultKernel, stringFunction } from "./string-function.ts";

const group = "URL";

interface Url {
  readonly protocol: string | null;
  readonly authority: string | null;
  readonly userInfo: string | null;
  readonly host: string | null;
  readonly path: string | null;
  readonly query: string | null;
  readonly fragment: string | null;
}

const structure = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?([^#]*)(?:#(.*))?$/s;
/** Characters of a URI: unreserved, reserved, escapes, and visible ones beyond ASCII. */
const legal =
  /^(?:[A-Za-z0-9\-_.!~*'();/?:@&=+$,[\]]|%[0-9A-Fa-f]{2}|[^\u0000-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000])*$/;
const legalPath = /^[^[\]]*$/;
const server =
  /^(?:([^@[\]]*)@)?(\[[0-9A-Fa-f:.]+(?:%\w+)?\]|(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?|\d{1,3}(?:\.\d{1,3}){3})(?::(\d*))?$/;

/** The parts of a URI; undefined where `java.net.URI` refuses the text. */
function parseUrl(text: string): Url | undefined {
  const match = structure.exec(text);
  if (match === null || !legal.test(text.replace("#", ""))) return undefined;
  const [, protocol = null, rest, fragment = null] = match as unknown as [string, string?, string?, string?];
  const specific = rest ?? "";
  if (protocol === null ? /^[^/?]*:/.test(specific) : specific === "") return undefined;
  const none: Url = { protocol, authority: null, userInfo: null, host: null, path: null, query: null, fragment };
  // `mailto:a@b.com` has no structure behind its protocol.
  if (protocol !== null && !specific.startsWith("/")) return none;
  const parts = /^(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s.exec(specific)!;
  const authority = parts[1] ?? null;
  const path = parts[2]!;
  if (!legalPath.test(path)) return undefined;
  if (authority === "" && path === "") return undefined;
  const named = authority === null || authority === "" ? null : server.exec(authority);
  return {
    ...none,
    authority: authority === "" ? null : authority,
    userInfo: named?.[1] ?? null,
    host: named?.[2] ?? null,
    path,
    query: parts[3] ?? null,
  };
}

function partOf(url: Url, part: string): string | null {
  switch (part) {
    case "HOST":
      return url.host;
    case "PATH":
      return url.path;
    case "QUERY":
      return url.query;
    case "REF":
      return url.fragment;
    case "PROTOCOL":
      return url.protocol;
    case "FILE":
      return url.path === null || url.query === null ? url.path : `${url.path}?${url.query}`;
    case "AUTHORITY":
      return url.authority;
    case "USERINFO":
      return url.userInfo;
    default:
      return null;
  }
}
/** The value of the first `key=` in a query. */
function queryValue(query: string, key: string): string | null {
  for (const pair of query.split("&")) if (pair.startsWith(`${key}=`)) return pair.slice(key.length + 1);
  return null;
}

function parse(tolerant: boolean): ScalarFunction {
  const name = tolerant ? "try_parse_url" : "parse_url";
  return stringFunction({
    group,
    name,
    arity: [2, 3],
    resolve: signature([stringType], stringType),
    canReturnNull: true,
    bind: (_types, context) => {
      let last: string | undefined;
      let parsed: Url | undefined;
      return (text, part, key) => {
        // Several parts of one URL are usually asked for together.
        if (text !== last) {
          parsed = parseUrl(text as string);
          last = text as string;
        }
        if (parsed === undefined) {
          if (tolerant || !context.ansi) return null;
          throw new MillraceError("INVALID_URL", { url: text as string });
        }
        if (key === undefined) return partOf(parsed, part as string);
        return part === "QUERY" && parsed.query !== null ? queryValue(parsed.query, key as string) : null;
      };
    },
    usage: `${name}(url, part[, key])`,
    summary: `A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO; with a key, that value of the query.${tolerant ? " NULL for an invalid URL." : ""}`,
    examples: [
      ...example(`${name}('http://spark.apache.org/path?query=1', 'HOST')`, "spark.apache.org"),
      ...example(`${name}('http://spark.apache.org/path?query=1', 'QUERY', 'query')`, "1"),
    ],
  });
}

const kept = new Uint8Array(128);
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-*_") kept[c.charCodeAt(0)] = 1;
const hexDigits = Uint8Array.from("0123456789ABCDEF", (c) => c.charCodeAt(0));

function encode(result: ByteResult, bytes: Uint8Array, start: number, end: number): void {
  let plain = start;
  while (plain < end && kept[bytes[plain]!] === 1) plain++;
  if (plain === end) return result.point(bytes, start, end);
  const out = result.reserve((end - start) * 3);
  let at = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (kept[byte] === 1) out[at++] = byte;
    else if (byte === 0x20) out[at++] = 0x2b;
    else {
      out[at++] = 0x25;
      out[at++] = hexDigits[byte >> 4]!;
      out[at++] = hexDigits[byte & 15]!;
    }
  }
  result.end = at;
}

/** The decoded text, or undefined for `%` without two hexadecimal digits behind it. */
function decode(text: string): string | undefined {
  if (!/[%+]/.test(text)) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const bytes = encodeUtf8(text);
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x25) {
      bytes[at++] = Number.parseInt(String.fromCharCode(bytes[i + 1]!, bytes[i + 2]!), 16);
      i += 2;
    } else bytes[at++] = byte === 0x2b ? 0x20 : byte;
  }
  return decodeUtf8(bytes, 0, at);
}
function urlDecode(tolerant: boolean): ScalarFunction {
  const name = tolerant ? "try_url_decode" : "url_decode";
  return stringFunction({
    group,
    name,
    arity: [1, 1],
    resolve: signature([stringType], stringType),
    canReturnNull: tolerant,
    bind: () => (text) => {
      const decoded = decode(text as string);
      if (decoded === undefined && !tolerant) throw new MillraceError("CANNOT_DECODE_URL", { url: text as string });
      return decoded ?? null;
    },
    usage: `${name}(str)`,
    summary: `The text of an application/x-www-form-urlencoded one${tolerant ? "; NULL for a malformed one" : ""}.`,
    examples: example(`${name}('https%3A%2F%2Fspark.apache.org')`, "https://spark.apache.org"),
  });
}

export const urls: readonly ScalarFunction[] = [
  parse(false),
  parse(true),
  stringFunction({
    group,
    name: "url_encode",
    arity: [1, 1],
    resolve: signature([stringType], stringType),
    ...resultKernel(encode),
    usage: "url_encode(str)",
    summary: "The text as application/x-www-form-urlencoded: spaces as +, other bytes as %XX.",
    examples: example("url_encode('https://spark.apache.org')", "https%3A%2F%2Fspark.apache.org"),
  }),
  urlDecode(false),
  urlDecode(true),
];
