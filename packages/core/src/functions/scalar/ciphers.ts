/** AES and HMAC. */
import { MillraceError } from "../../errors/index.ts";
import { binaryType, type SqlValue, stringType } from "../../types/data-type.ts";
import type { EvalContext, ScalarFunction } from "../function.ts";
import { decryptBlocks, decryptGcm, encryptBlocks, encryptGcm } from "../../runtime/aes.ts";
import { md5, sha1, sha2 } from "../kernels/digests.ts";
import { hmac as hmacBytes, joined } from "../kernels/hmac.ts";
import { signature } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

const group = "Hash";
type Mode = "ECB" | "CBC" | "GCM";
const vectorSizes: Readonly<Record<Mode, number>> = { ECB: 0, CBC: 16, GCM: 12 };

function modeOf(mode: string, padding: string): Mode {
  const [name, filling] = [mode.toUpperCase(), padding.toUpperCase()];
  if ((name === "ECB" || name === "CBC") && (filling === "PKCS" || filling === "DEFAULT")) return name;
  if (name === "GCM" && (filling === "NONE" || filling === "DEFAULT")) return name;
  throw new MillraceError("UNSUPPORTED_FEATURE.AES_MODE", { mode, padding });
}
function checkKey(key: Uint8Array): void {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32)
    throw new MillraceError("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH", { actualLength: String(key.length) });
}
const blocks: Readonly<Record<string, number>> = { "SHA-384": 128, "SHA-512": 128 };
type Digest = (bytes: Uint8Array) => Uint8Array;
const digests: Readonly<Record<string, Digest>> = {
  MD5: (b) => md5(b, 0, b.length),
  "SHA-1": (b) => sha1(b, 0, b.length),
  "SHA-224": (b) => sha2(b, 0, b.length, 224)!,
  "SHA-256": (b) => sha2(b, 0, b.length, 256)!,
  "SHA-384": (b) => sha2(b, 0, b.length, 384)!,
  "SHA-512": (b) => sha2(b, 0, b.length, 512)!,
};
function hmacOf(key: Uint8Array, message: Uint8Array, algorithm: string): Uint8Array {
  return hmacBytes(key, message, digests[algorithm]!, blocks[algorithm] ?? 64);
}

/**
 * A vector for a text: unlike any other but for the same text at the same place of a batch, so that a batch that is repeated gives
 * the same bytes. Made from key and text, it tells nothing about them and is not used for another text.
 */
function vectorMaker(context: EvalContext): (key: Uint8Array, text: Uint8Array, size: number) => Uint8Array {
  let rows = 0n;
  return (key, text, size) => {
    const place = new DataView(new ArrayBuffer(24));
    place.setBigInt64(0, BigInt.asIntN(64, context.seed));
    place.setBigInt64(8, BigInt.asIntN(64, context.nowMicros));
    place.setBigInt64(16, rows++);
    return hmacOf(key, joined(new Uint8Array(place.buffer), text), "SHA-256").slice(0, size);
  };
}

const nothing = new Uint8Array(0);

const aesEncrypt = stringFunction({
  group,
  name: "aes_encrypt",
  arity: [2, 6],
  resolve: signature([binaryType, binaryType, stringType, stringType, binaryType, binaryType], binaryType),
  deterministic: false,
  bind(_types, context) {
    const makeVector = vectorMaker(context);
    return (text, key, mode = "GCM", padding = "DEFAULT", given: SqlValue = nothing, more: SqlValue = nothing) => {
      checkKey(key as Uint8Array);
      const name = modeOf(mode as string, padding as string);
      const size = vectorSizes[name];
      const [vector, authenticated] = [given as Uint8Array, more as Uint8Array];
      if (vector.length > 0 && name === "ECB")
        throw new MillraceError("UNSUPPORTED_FEATURE.AES_MODE_IV", { mode: name });
      if (vector.length > 0 && vector.length !== size)
        throw new MillraceError("INVALID_PARAMETER_VALUE.AES_IV_LENGTH", {
          mode: name,
          actualLength: String(vector.length),
        });
      if (authenticated.length > 0 && name !== "GCM")
        throw new MillraceError("UNSUPPORTED_FEATURE.AES_MODE_AAD", { mode: name });
      const [plain, secret] = [text as Uint8Array, key as Uint8Array];
      if (name === "ECB") return encryptBlocks(secret, undefined, plain);
      const start = vector.length > 0 ? vector : makeVector(secret, plain, size);
      const bytes =
        name === "CBC" ? encryptBlocks(secret, start, plain) : encryptGcm(secret, start, plain, authenticated);
      return joined(start, bytes);
    };
  },
  usage: "aes_encrypt(expr, key[, mode[, padding[, iv[, aad]]]])",
  summary:
    "The bytes encrypted with AES by a key of 16, 24 or 32 bytes: mode GCM (unless given), CBC or ECB. The vector (12 bytes for GCM, 16 for CBC, else one is made) stands before them. For GCM more bytes can be authenticated.",
  examples: example("base64(aes_encrypt('Spark SQL', '1234567890abcdef', 'ECB', 'PKCS'))", "3lmwu+Mw0H3fi5NDvcu9lg=="),
});

function decrypting(name: string, tolerant: boolean): ScalarFunction {
  const decrypt = (
    bytes: Uint8Array,
    key: Uint8Array,
    mode: Mode,
    authenticated: Uint8Array,
  ): Uint8Array | undefined => {
    const size = vectorSizes[mode];
    if (bytes.length < size) return undefined;
    const [vector, rest] = [bytes.slice(0, size), bytes.slice(size)];
    if (mode === "GCM") return decryptGcm(key, vector, rest, authenticated);
    return decryptBlocks(key, mode === "CBC" ? vector : undefined, rest);
  };
  return stringFunction({
    group,
    name,
    arity: [2, 5],
    resolve: signature([binaryType, binaryType, stringType, stringType, binaryType], binaryType),
    canReturnNull: tolerant,
    bind:
      () =>
      (bytes, key, mode = "GCM", padding = "DEFAULT", more: SqlValue = nothing) => {
        try {
          checkKey(key as Uint8Array);
          const kind = modeOf(mode as string, padding as string);
          const authenticated = more as Uint8Array;
          if (authenticated.length > 0 && kind !== "GCM")
            throw new MillraceError("UNSUPPORTED_FEATURE.AES_MODE_AAD", { mode: kind });
          const text = decrypt(bytes as Uint8Array, key as Uint8Array, kind, authenticated);
          if (text !== undefined) return text;
          throw new MillraceError("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR", { mode: kind });
        } catch (error) {
          if (tolerant && error instanceof MillraceError) return null;
          throw error;
        }
      },
    usage: `${name}(expr, key[, mode[, padding[, aad]]])`,
    summary: `What aes_encrypt made of, for the same key, mode and authenticated bytes.${tolerant ? " NULL where that fails." : ""}`,
    examples: example(
      `decode(${name}(unbase64('3lmwu+Mw0H3fi5NDvcu9lg=='), '1234567890abcdef', 'ECB', 'PKCS'), 'utf-8')`,
      "Spark SQL",
    ),
  });
}

const hmac = stringFunction({
  group,
  name: "hmac",
  arity: [2, 3],
  resolve: signature([binaryType, binaryType, stringType], binaryType),
  bind:
    () =>
    (key, message, algorithm = "SHA-256") => {
      const name = (algorithm as string).toUpperCase();
      if (!Object.hasOwn(digests, name))
        throw new MillraceError("INVALID_PARAMETER_VALUE.HMAC_ALGORITHM", { algorithm: `'${algorithm as string}'` });
      if ((key as Uint8Array).length === 0) throw new MillraceError("INVALID_PARAMETER_VALUE.HMAC_CRYPTO_ERROR", {});
      return hmacOf(key as Uint8Array, message as Uint8Array, name);
    },
  usage: "hmac(key, message[, algorithm])",
  summary: "The message authentication code by SHA-256, or by MD5, SHA-1, SHA-224, SHA-384 or SHA-512.",
  examples: example("hex(hmac('key', 'message'))", "6E9EF29B75FFFC5B7ABAE527D58FDADB2FE42E7219011976917343065F58ED4A"),
});

export const ciphers: readonly ScalarFunction[] = [
  aesEncrypt,
  decrypting("aes_decrypt", false),
  decrypting("try_aes_decrypt", true),
  hmac,
];
