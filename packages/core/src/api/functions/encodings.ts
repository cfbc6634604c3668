/** Encodings, digests and URLs. */
import type {
  ArgumentType,
  AsNullableAs,
  BinaryType,
  ColumnArgument,
  IntegralType,
  StringType,
} from "../column-types.ts";
import type { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Text = ColumnArgument<StringType>;
/** Texts count as their UTF-8. */
type Bytes = ColumnArgument<StringType | BinaryType>;
type Integral = ColumnArgument<IntegralType>;

/** In base64. `base64(c.payload)` */
export function base64<const A extends Bytes>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(base64, "base64", [value]);
}
/** The bytes of a base64 text. */
export function unbase64<const A extends Text>(value: A): Column<AsNullableAs<"binary", ArgumentType<A>>> {
  return functionColumn(unbase64, "unbase64", [value]);
}
/** A whole number, text or binary value in hexadecimal. */
export function hex<const A extends ColumnArgument>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(hex, "hex", [value]);
}
/** The bytes of hexadecimal digits; NULL for other text. */
export function unhex(value: Text): Column<"binary"> {
  return functionColumn(unhex, "unhex", [value]);
}
/** A whole number in binary. */
export function bin<const A extends Integral>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(bin, "bin", [value]);
}
/** A number from one base in another. `conv(c.code, 16, 10)` */
export function conv(value: Text, from: number, to: number): Column<"string"> {
  return functionColumn(conv, "conv", [value], [literalOf(from), literalOf(to)]);
}
/** The character of a code, modulo 256. */
export function char<const A extends Integral>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(char, "char", [value]);
}
/** The bytes of the text in a charset. `encode(c.name, "UTF-16")` */
export function encode<const A extends Text>(
  value: A,
  charset: string,
): Column<AsNullableAs<"binary", ArgumentType<A>>> {
  return functionColumn(encode, "encode", [value], [literalOf(charset)]);
}
/** The text of bytes in a charset. `decode(c.payload, "ISO-8859-1")` */
export function decode<const A extends Bytes>(
  value: A,
  charset: string,
): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(decode, "decode", [value], [literalOf(charset)]);
}
/** Whether the bytes are well-formed UTF-8. */
export function isValidUtf8<const A extends Bytes>(value: A): Column<AsNullableAs<"boolean", ArgumentType<A>>> {
  return functionColumn(isValidUtf8, "is_valid_utf8", [value]);
}
/** The text with U+FFFD in place of bytes that are not UTF-8. */
export function makeValidUtf8<const A extends Bytes>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(makeValidUtf8, "make_valid_utf8", [value]);
}
/** The text; NULL when its bytes are not UTF-8. */
export function tryValidateUtf8(value: Bytes): Column<"string"> {
  return functionColumn(tryValidateUtf8, "try_validate_utf8", [value]);
}
/** The bytes of a text in the format hex, utf-8 or base64. */
export function toBinary<const A extends Text>(
  value: A,
  format?: string,
): Column<AsNullableAs<"binary", ArgumentType<A>>> {
  return functionColumn(
    toBinary,
    "to_binary",
    [value],
    [format].filter((given) => given !== undefined).map((given) => literalOf(given)),
  );
}
/** As {@link toBinary}; NULL for a malformed text. */
export function tryToBinary(value: Text, format?: string): Column<"binary"> {
  return functionColumn(
    tryToBinary,
    "try_to_binary",
    [value],
    [format].filter((given) => given !== undefined).map((given) => literalOf(given)),
  );
}
/** MD5 of the bytes, in hexadecimal. */
export function md5<const A extends Bytes>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(md5, "md5", [value]);
}
/** SHA-1 of the bytes, in hexadecimal. */
export function sha1<const A extends Bytes>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(sha1, "sha1", [value]);
}
/** SHA-2 of the bytes with 224, 256, 384 or 512 bits, in hexadecimal. `sha2(c.email, 256)` */
export function sha2(value: Bytes, bits: number): Column<"string"> {
  return functionColumn(sha2, "sha2", [value], [literalOf(bits)]);
}
/** CRC-32 of the bytes. */
export function crc32<const A extends Bytes>(value: A): Column<AsNullableAs<"bigint", ArgumentType<A>>> {
  return functionColumn(crc32, "crc32", [value]);
}
/** The text with percent encoding, as forms have it. */
export function urlEncode<const A extends Text>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(urlEncode, "url_encode", [value]);
}
/** The text of one with percent encoding. */
export function urlDecode<const A extends Text>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(urlDecode, "url_decode", [value]);
}
/** As {@link urlDecode}; NULL for a malformed text. */
export function tryUrlDecode(value: Text): Column<"string"> {
  return functionColumn(tryUrlDecode, "try_url_decode", [value]);
}
/** A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO. `parseUrl(c.url, "QUERY", "id")` */
export function parseUrl(value: Text, part: string, key?: string): Column<"string"> {
  return functionColumn(
    parseUrl,
    "parse_url",
    [value],
    [literalOf(part), ...[key].filter((given) => given !== undefined).map((given) => literalOf(given))],
  );
}
/** As {@link parseUrl}; NULL for an invalid URL. */
export function tryParseUrl(value: Text, part: string, key?: string): Column<"string"> {
  return functionColumn(
    tryParseUrl,
    "try_parse_url",
    [value],
    [literalOf(part), ...[key].filter((given) => given !== undefined).map((given) => literalOf(given))],
  );
}
/** In base32. */
export function toBase32<const A extends Bytes>(value: A): Column<AsNullableAs<"string", ArgumentType<A>>> {
  return functionColumn(toBase32, "to_base32", [value]);
}
/** The bytes of a base32 text. */
export function fromBase32<const A extends Text>(value: A): Column<AsNullableAs<"binary", ArgumentType<A>>> {
  return functionColumn(fromBase32, "from_base32", [value]);
}
/** xxHash64 of the values, Spark's. */
export function xxhash64(...values: readonly ColumnArgument[]): Column<"bigint!"> {
  return functionColumn(xxhash64, "xxhash64", values);
}
