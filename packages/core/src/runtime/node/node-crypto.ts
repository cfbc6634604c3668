import { createCipheriv, createDecipheriv } from "node:crypto";
import { type Cipher, type Crypto, tagBytes } from "../crypto.ts";

const algorithm = "aes-256-gcm";

/** AES by OpenSSL, with the processor's instructions for it. */
export class NodeCrypto implements Crypto {
  cipher(key: Uint8Array): Cipher {
    const own = key.slice();
    return {
      seal(nonce, plain, associated) {
        const cipher = createCipheriv(algorithm, own, nonce).setAAD(associated);
        const sealed = new Uint8Array(plain.length + tagBytes);
        sealed.set(cipher.update(plain));
        cipher.final();
        sealed.set(cipher.getAuthTag(), plain.length);
        return sealed;
      },
      open(nonce, sealed, associated) {
        if (sealed.length < tagBytes) return null;
        const end = sealed.length - tagBytes;
        const decipher = createDecipheriv(algorithm, own, nonce, { authTagLength: tagBytes }).setAAD(associated);
        decipher.setAuthTag(sealed.subarray(end));
        const plain = decipher.update(sealed.subarray(0, end));
        try {
          decipher.final();
        } catch {
          return null;
        }
        return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
      },
    };
  }
}
