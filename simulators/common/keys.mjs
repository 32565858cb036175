import { generateKeyPairSync, randomUUID } from 'node:crypto';

/** A signing key made at start: never written, never shared between two runs. */
export function makeSigningKey(alg) {
  const { privateKey, publicKey } = alg === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
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
