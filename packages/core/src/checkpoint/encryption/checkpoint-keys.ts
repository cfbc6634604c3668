/**
 * The keys of encrypted checkpoints. Settings hold references only, `env:NAME` and `file:/path`: a key stands in no setting,
 * plan, log or checkpoint. What does stand there is its id, which tells nothing of it.
 */
import { isMillraceError, MillraceError } from "../../errors/index.ts";
import { sha2 } from "../../functions/kernels/digests.ts";
import { hmac } from "../../functions/kernels/hmac.ts";
import { keyBytes } from "../../runtime/crypto.ts";
import { FileSystemError, type FileSystem } from "../../runtime/file-system.ts";
import type { Runtime } from "../../runtime/runtime.ts";

export interface CheckpointKey {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly secret: Uint8Array;
}

/** What {@link loadCheckpointKeys} takes, as settings check it. */
export const keyReferences: RegExp = /^\s*(?:env:\w+|file:\/[^,]+)(?:\s*,\s*(?:env:\w+|file:\/[^,]+))*\s*$/;

/** A secret that is derived from another for one purpose (HMAC-SHA-256). */
export function derived(secret: Uint8Array, purpose: Uint8Array): Uint8Array {
  return hmac(secret, purpose, (bytes) => sha2(bytes, 0, bytes.length, 256)!, 64);
}

export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param secret 32 bytes */
export function checkpointKey(secret: Uint8Array): CheckpointKey {
  const id = derived(secret, new TextEncoder().encode("millrace checkpoint key id"));
  return { id: hexadecimal(id.subarray(0, 8)), secret };
}

/**
 * The keys that references name, in their order: the first is written with, any is read with.
 * @param references such as `env:CHECKPOINT_KEY,file:/run/secrets/old-key`; undefined: none
 * @throws MillraceError CHECKPOINT_ENCRYPTION_KEY.INVALID
 */
export async function loadCheckpointKeys(
  references: string | undefined,
  { fs, process }: { readonly fs: FileSystem; readonly process: Pick<Runtime["process"], "env"> },
): Promise<readonly CheckpointKey[]> {
  if (references === undefined) return [];
  const keys: CheckpointKey[] = [];
  for (const reference of references.split(",").map((text) => text.trim())) {
    const invalid = (reason: string, cause?: unknown): MillraceError =>
      new MillraceError("CHECKPOINT_ENCRYPTION_KEY.INVALID", { reference, reason }, { cause });
    let secret: Uint8Array | null;
    if (reference.startsWith("env:")) {
      const text = process.env(reference.slice(4));
      if (text === undefined) throw invalid("there is no such environment variable");
      secret = secretOf(text);
    } else if (reference.startsWith("file:/")) {
      const bytes = await fs.readFile(reference.slice(5)).catch((error: unknown) => {
        throw error instanceof FileSystemError ? invalid(`reading it failed with ${error.code}`, error) : error;
      });
      secret = bytes.length === keyBytes ? bytes : secretOf(new TextDecoder().decode(bytes));
    } else {
      // Who gives a key instead of a reference must not read it in the log.
      throw new MillraceError("CHECKPOINT_ENCRYPTION_KEY.INVALID", {
        reference: "(redacted)",
        reason: "it is neither env:NAME nor file:/path",
      });
    }
    if (secret === null) throw invalid("it holds neither 64 hexadecimal digits nor 32 bytes in Base64");
    keys.push(checkpointKey(secret));
  }
  return keys;
}

function secretOf(text: string): Uint8Array | null {
  const word = text.trim();
  if (/^[0-9a-f]{64}$/i.test(word)) return Uint8Array.from(word.match(/../g)!, (digits) => Number.parseInt(digits, 16));
  if (!/^[\w+/-]{43}=?$/.test(word)) return null;
  const standard = word.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0));
}

/** Whether a file could not be read for want of its key: nothing is wrong with the file. */
export function isKeyProblem(error: unknown): boolean {
  return (
    isMillraceError(error, "CHECKPOINT_ENCRYPTION_KEY.MISSING") ||
    isMillraceError(error, "CHECKPOINT_ENCRYPTION_KEY.UNKNOWN")
  );
}
