/**
 * An encrypted file of a checkpoint:
 *
 *     file     segment+                                  one for the file as it was made, one for whatever was appended
 *     segment  "MLRCRYP1" · key id (8) · salt (16) · frame+
 *     frame    int32 size, negative (-1 - size) for the last of the segment · size bytes of AES-256-GCM · tag (16)
 *
 * Each segment has a key of its own: HMAC-SHA-256 of the checkpoint's key over the salt. So numbers of frames can be nonces,
 * and a key may write any number of files. The segment's head and whether a frame is the last one are authenticated with
 * each frame: frames that are changed, exchanged, repeated or cut off do not open.
 */
import { MillraceError } from "../../errors/index.ts";
import { keyBytes, nonceBytes, randomBytes, tagBytes } from "../../runtime/crypto.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { corruptedLog } from "../checkpoint-files.ts";
import { type CheckpointKey, derived, hexadecimal } from "./checkpoint-keys.ts";

const magic = new TextEncoder().encode("MLRCRYP1");
const idBytes = 8;
const headBytes = magic.length + idBytes + 16;
const frameBytes = 1 << 20;

/** What an envelope needs of the world. */
export type EnvelopeRuntime = Pick<Runtime, "crypto" | "random">;

export function isEncrypted(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

/** Id of the key with which a file begins, or null when it is not encrypted. */
export function keyIdOf(bytes: Uint8Array): string | null {
  return isEncrypted(bytes) ? hexadecimal(bytes.subarray(magic.length, magic.length + idBytes)) : null;
}

function nonceOf(frame: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(nonceBytes);
  nonce[0] = last ? 1 : 0;
  new DataView(nonce.buffer).setUint32(8, frame);
  return nonce;
}

function segmentKey(key: CheckpointKey, head: Uint8Array): Uint8Array {
  return derived(key.secret, head).subarray(0, keyBytes);
}

/** A segment with the bytes. */
export function encrypt({ crypto, random }: EnvelopeRuntime, key: CheckpointKey, plain: Uint8Array): Uint8Array {
  const frames = Math.max(1, Math.ceil(plain.length / frameBytes));
  const out = new Uint8Array(headBytes + plain.length + frames * (4 + tagBytes));
  const view = new DataView(out.buffer);
  const head = out.subarray(0, headBytes);
  head.set(magic);
  for (let i = 0; i < idBytes; i++) head[magic.length + i] = Number.parseInt(key.id.slice(2 * i, 2 * i + 2), 16);
  head.set(randomBytes(random, headBytes - magic.length - idBytes), magic.length + idBytes);
  const cipher = crypto.cipher(segmentKey(key, head));
  let at = headBytes;
  for (let frame = 0; frame < frames; frame++) {
    const last = frame === frames - 1;
    const part = plain.subarray(frame * frameBytes, (frame + 1) * frameBytes);
    view.setInt32(at, last ? -1 - part.length : part.length);
    out.set(cipher.seal(nonceOf(frame, last), part, head), at + 4);
    at += 4 + part.length + tagBytes;
  }
  return out;
}

/**
 * The content of a file, encrypted or not.
 * @throws MillraceError CHECKPOINT_ENCRYPTION_KEY.MISSING, .UNKNOWN, CHECKPOINT_LOG_CORRUPTED
 */
export function decrypt(
  { crypto }: EnvelopeRuntime,
  keys: readonly CheckpointKey[],
  path: string,
  bytes: Uint8Array,
): Uint8Array {
  if (!isEncrypted(bytes)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Uint8Array(bytes.length);
  let size = 0;
  for (let at = 0; at < bytes.length;) {
    const head = bytes.subarray(at, at + headBytes);
    if (!isEncrypted(head) || head.length < headBytes) throw corruptedLog(path, "its encryption ends in the middle");
    const cipher = crypto.cipher(segmentKey(keyOf(keys, path, head), head));
    at += headBytes;
    for (let frame = 0, last = false; !last; frame++) {
      const given = bytes.length - at >= 4 ? view.getInt32(at) : 0;
      last = given < 0;
      const length = last ? -1 - given : given;
      const end = at + 4 + length + tagBytes;
      if (bytes.length - at < 4 || end > bytes.length) throw corruptedLog(path, "its encryption ends in the middle");
      const plain = cipher.open(nonceOf(frame, last), bytes.subarray(at + 4, end), head);
      if (plain === null) throw corruptedLog(path, "it was changed after it was encrypted");
      out.set(plain, size);
      size += plain.length;
      at = end;
    }
  }
  return out.subarray(0, size);
}

function keyOf(keys: readonly CheckpointKey[], path: string, head: Uint8Array): CheckpointKey {
  const keyId = keyIdOf(head)!;
  const found = keys.find(({ id }) => id === keyId);
  if (found !== undefined) return found;
  if (keys.length === 0) throw new MillraceError("CHECKPOINT_ENCRYPTION_KEY.MISSING", { path, keyId });
  throw new MillraceError("CHECKPOINT_ENCRYPTION_KEY.UNKNOWN", {
    path,
    keyId,
    given: keys.map(({ id }) => id).join(", "),
  });
}
