/** AES and HMAC. Keys and texts are columns; texts count as their UTF-8. */
import type { BinaryType, ColumnArgument, StringType } from "../column-types.ts";
import type { Column } from "../column.ts";
import { literalOf } from "../literal.ts";
import { functionColumn } from "./function-column.ts";

type Bytes = ColumnArgument<StringType | BinaryType>;
/** How AES runs over blocks. */
export type AesMode = "GCM" | "CBC" | "ECB";

/** The bytes encrypted by a key of 16, 24 or 32 bytes, behind a vector that is made for them. `aesEncrypt(c.card, lit(key))` */
export function aesEncrypt(value: Bytes, key: Bytes, mode: AesMode = "GCM"): Column<"binary"> {
  return functionColumn(aesEncrypt, "aes_encrypt", [value, key], [literalOf(mode)]);
}
/** What {@link aesEncrypt} made of; other bytes or another key are an error. */
export function aesDecrypt(value: Bytes, key: Bytes, mode: AesMode = "GCM"): Column<"binary"> {
  return functionColumn(aesDecrypt, "aes_decrypt", [value, key], [literalOf(mode)]);
}
/** As {@link aesDecrypt}, but NULL where that fails. */
export function tryAesDecrypt(value: Bytes, key: Bytes, mode: AesMode = "GCM"): Column<"binary"> {
  return functionColumn(tryAesDecrypt, "try_aes_decrypt", [value, key], [literalOf(mode)]);
}
/** The message authentication code, by SHA-256 unless told otherwise. `hmac(lit(key), c.body)` */
export function hmac(
  key: Bytes,
  message: Bytes,
  algorithm: "SHA-256" | "SHA-224" | "SHA-384" | "SHA-512" | "SHA-1" | "MD5" = "SHA-256",
): Column<"binary"> {
  return functionColumn(hmac, "hmac", [key, message], [literalOf(algorithm)]);
}
