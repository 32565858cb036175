// Compact JWS written by hand on node:crypto: the lies told by the simulators must not pass by the library
// that signs the truth (oidc-provider would refuse to make most of them).
import { createHmac, sign } from 'node:crypto';

const encode = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
const decodePart = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

export function decode(token) {
  const [header, payload] = token.split('.');
  return { header: decodePart(header), payload: decodePart(payload) };
}

export function signWith(key, header, payload) {
  const input = `${encode({ ...header, alg: key.alg, kid: key.kid })}.${encode(payload)}`;
  const dsaEncoding = 'ieee-p1363'; // read for EC keys only
  return `${input}.${sign('sha256', input, { key: key.privateKey, dsaEncoding }).toString('base64url')}`;
}

export function signHs256(secret, header, payload) {
  const input = `${encode({ ...header, alg: 'HS256' })}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function unsigned(header, payload) {
  return `${encode({ typ: header.typ, alg: 'none' })}.${encode(payload)}.`;
}

export function breakSignature(token) {
  const [header, payload, signature] = token.split('.');
  return `${header}.${payload}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
}
