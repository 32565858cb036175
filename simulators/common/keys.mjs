import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';

const KINDS = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }] };
const ENCODINGS = {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
};

/**
 * A signing key made at start: never written, never shared between two runs.
 *
 * It is read back from PEM: Node 20 shares a lock between a generated key and its generation, and never wakes when
 * the export to JWK of the one meets the garbage collection of the other (one start in a hundred).
 */
export function makeSigningKey(alg) {
  const [kind, options] = KINDS[alg];
  const privateKey = createPrivateKey(generateKeyPairSync(kind, { ...options, ...ENCODINGS }).privateKey);
  const publicKey = createPublicKey(privateKey);
  const kid = randomUUID();
  return { alg, kid, privateKey, publicKey, jwk: { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

/** The key ring of a simulator: the first key signs, the others are only published. */
export class KeyRing {
  constructor(alg) {
    this.alg = alg;
    this.keys = [makeSigningKey(alg)];
  }

  get current() {
    return this.keys[0];
  }

  get jwks() {
    return { keys: this.keys.map((key) => key.jwk) };
  }

  rotate({ keepOld }) {
    this.keys = [makeSigningKey(this.alg), ...(keepOld ? this.keys : [])];
  }
}
