// A time-stamping authority (RFC 3161): openssl makes the answers. What it does not check: ../README.md.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readBody } from '../common/body.mjs';
import { begin, serve } from '../common/program.mjs';

const openssl = promisify(execFile).bind(null, 'openssl');
const MAX_QUERY = 100_000;
const FAULTS = ['refused', 'altered', 'other', 'garbage', 'huge', 'status', 'cut', 'slow'];

const CONFIG = `
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = stamper.pem
certs = stamper.pem
signer_key = stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
`;

/** A root and a certificate for time stamping alone, made anew at each start: nobody trusts them elsewhere. */
async function makeAuthority(folder) {
  writeFileSync(join(folder, 'openssl.cnf'), CONFIG);
  writeFileSync(join(folder, 'serial'), '01\n');
  const options = { cwd: folder };
  const key = ['-newkey', 'rsa:3072', '-noenc', '-config', 'openssl.cnf'];
  await openssl(['req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '3650',
    '-subj', '/CN=Autorité d’essai', '-utf8', '-extensions', 'authority'], options);
  await openssl(['req', ...key, '-keyout', 'stamper.key', '-out', 'stamper.csr', '-subj', '/CN=Horodatage d’essai', '-utf8'],
    options);
  await openssl(['x509', '-req', '-in', 'stamper.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial',
    '-out', 'stamper.pem', '-days', '3650', '-extfile', 'openssl.cnf', '-extensions', 'stamper'], options);
}

class Authority {
  #turn = Promise.resolve();

  constructor(folder) {
    this.folder = folder;
    this.faults = [];
    this.received = 0;
  }

  /** One at a time: openssl keeps its serial numbers in a file. */
  reply(query) {
    const answer = this.#turn.then(() => this.#reply(query));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #reply(query) {
    writeFileSync(join(this.folder, 'query.tsq'), query);
    await openssl(['ts', '-reply', '-config', 'openssl.cnf', '-queryfile', 'query.tsq', '-out', 'answer.tsr'],
      { cwd: this.folder });
    return readFileSync(join(this.folder, 'answer.tsr'));
  }

  /** An honest answer to another question: signed, in time, and about something else. */
  async replyToAnother() {
    writeFileSync(join(this.folder, 'other'), `${Math.random()}`);
    await openssl(['ts', '-query', '-data', 'other', '-sha256', '-cert', '-out', 'other.tsq'], { cwd: this.folder });
    return this.reply(readFileSync(join(this.folder, 'other.tsq')));
  }
}

async function bytes(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > MAX_QUERY) throw new RangeError('query too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function stamp(authority, req, res) {
  if (req.headers['content-type'] !== 'application/timestamp-query') return res.writeHead(415).end();
  const query = await bytes(req);
  authority.received += 1;
  const fault = authority.faults.shift();
  if (fault === 'cut') return req.socket.destroy();
  if (fault === 'status') return res.writeHead(503).end();
  if (fault === 'slow') return setTimeout(() => res.writeHead(504).end(), 30_000).unref();
  res.writeHead(200, { 'content-type': 'application/timestamp-reply' });
  return res.end(await answerOf(authority, query, fault));
}

async function answerOf(authority, query, fault) {
  if (fault === 'garbage') return Buffer.from('ceci n’est pas un jeton');
  if (fault === 'huge') return Buffer.alloc(5_000_000, 0x30);
  if (fault === 'refused') return authority.reply(Buffer.from('3000', 'hex')); // a query that cannot be read
  if (fault === 'other') return authority.replyToAnother();
  const answer = await authority.reply(query);
  if (fault === 'altered') answer[answer.length - 20] ^= 1;
  return answer;
}

async function admin(authority, req, res, verb) {
  const body = JSON.parse((await readBody(req)) || '{}');
  if (verb === 'break') {
    if (!FAULTS.includes(body.fault)) return send(res, 400, { error: `known faults: ${FAULTS}` });
    authority.faults.push(...Array(body.times ?? 1).fill(body.fault));
  } else if (verb === 'reset') {
    Object.assign(authority, { faults: [], received: 0 });
  } else if (verb !== 'received') return send(res, 404, { error: `unknown verb: ${verb}` });
  return send(res, 200, { received: authority.received, pending: authority.faults });
}

function send(res, status, answer) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

async function handle(authority, req, res) {
  if (req.method === 'GET' && req.url === '/ca.pem') return res.end(readFileSync(join(authority.folder, 'ca.pem')));
  if (req.method === 'POST' && req.url.startsWith('/admin/')) return admin(authority, req, res, req.url.slice(7));
  if (req.method === 'POST' && req.url === '/') return stamp(authority, req, res);
  return res.writeHead(404).end();
}

const { port, folder } = begin('horodatage');
await makeAuthority(folder);
const authority = new Authority(folder);
serve('horodatage', port, (req, res) => handle(authority, req, res));
