// A mail server and the mailbox behind it: nodemailer's smtp-server speaks SMTP. What it does not check: ../README.md.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { readBody } from '../common/body.mjs';
import { escape, page, sendPage } from '../common/page.mjs';
import { begin, serve } from '../common/program.mjs';

const openssl = promisify(execFile).bind(null, 'openssl');
const LONGEST = 200_000;
const KEPT = 200;
const TITLE = 'Boîte aux lettres de la démonstration';

/** By the step at which they show: an answer with a code, or what becomes of the connection. */
const ANSWERS = {
  sender: [{ code: 451, says: '4.3.0 Try again later' }, 'onMailFrom'],
  unknown: [{ code: 550, says: '5.1.1 No such user here' }, 'onRcptTo'],
  later: [{ code: 451, says: '4.7.1 Greylisted, try again later' }, 'onRcptTo'],
  policy: [{ code: 550, says: '5.7.1 Your network is not welcome' }, 'onRcptTo'],
  content: [{ code: 554, says: '5.6.0 Message refused' }, 'onData'],
  full: [{ code: 452, says: '4.2.2 Mailbox full' }, 'onData'],
};
const WIRE = ['cut', 'cut_after', 'hold'];
const FAULTS = [...Object.keys(ANSWERS), ...WIRE];

/** A root and the certificate of this machine, made anew at each start: nobody trusts them elsewhere. */
async function makeCertificate(folder) {
  const options = { cwd: folder };
  const key = ['-newkey', 'rsa:2048', '-noenc'];
  await openssl(['req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '3650', '-subj', '/CN=Autorité d’essai',
    '-utf8', '-addext', 'keyUsage=critical,keyCertSign'], options);
  await openssl(['req', '-x509', ...key, '-keyout', 'own.key', '-out', 'own.pem', '-days', '3650', '-subj', '/CN=127.0.0.1',
    '-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-addext', 'basicConstraints=critical,CA:FALSE'], options);
  return { key: readFileSync(join(folder, 'own.key')), cert: readFileSync(join(folder, 'own.pem')) };
}

class Mailbox {
  constructor() {
    this.servers = {};
    this.held = new Set();
    this.reset();
  }

  reset() {
    this.mails = [];
    this.faults = [];
    this.tries = 0;
    this.release(false);
  }

  break({ fault, times = 1 }) {
    if (!FAULTS.includes(fault)) throw new TypeError(`known faults: ${FAULTS}`);
    this.faults.push(...Array(times).fill(fault));
  }

  /** What is held is kept and answered for, or forgotten with its connection. */
  release(isKept = true) {
    for (const go of this.held) go(isKept);
    this.held.clear();
  }

  ports() {
    return Object.fromEntries(Object.entries(this.servers).map(([name, { server }]) => [name, server.address().port]));
  }

  toJSON() {
    return { mails: this.mails, tries: this.tries, pending: this.faults, holding: this.held.size, ports: this.ports() };
  }

  /** The fault that waits for this step, used up; those of the wire show once the whole message was heard. */
  #take(step) {
    const [next] = this.faults;
    const isOfStep = next && (WIRE.includes(next) ? step === 'onData' : ANSWERS[next][1] === step);
    return isOfStep ? this.faults.shift() : undefined;
  }

  refusal(step) {
    const fault = this.#take(step);
    if (!fault || WIRE.includes(fault)) return { fault };
    const { code, says } = ANSWERS[fault][0];
    return { error: Object.assign(new Error(says), { responseCode: code }) };
  }

  async keep(raw, session) {
    const read = await PostalMime.parse(raw);
    this.mails.push({
      at: new Date().toISOString(),
      from: session.envelope.mailFrom.address,
      to: session.envelope.rcptTo.map(({ address }) => address),
      secure: session.secure,
      user: session.user ?? null,
      sender: read.from?.name ?? '',
      subject: read.subject ?? '',
      text: read.text ?? '',
      raw: raw.toString('latin1'),
    });
    this.mails.splice(0, Math.max(0, this.mails.length - KEPT));
  }
}

async function bytes(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What the three servers share. */
function manners(mailbox, own, server) {
  const answer = (step) => (_address, _session, done) => {
    if (step === 'onMailFrom') mailbox.tries += 1;
    done(mailbox.refusal(step).error);
  };
  const drop = (session) => [...server().connections].find(({ id }) => id === session.id)?._socket.destroy();
  const onData = async (stream, session) => {
    const raw = await bytes(stream);
    if (stream.sizeExceeded) throw Object.assign(new Error('5.3.4 Too big'), { responseCode: 552 });
    const { error, fault } = mailbox.refusal('onData');
    if (error) throw error;
    const isLost = fault === 'hold' && !(await new Promise((go) => mailbox.held.add(go)));
    if (fault === 'cut' || isLost) return drop(session);
    await mailbox.keep(raw, session);
    if (fault === 'cut_after') drop(session);
    return undefined;
  };
  return {
    ...own,
    name: 'localhost',
    banner: 'Essai',
    size: LONGEST,
    authOptional: true,
    allowInsecureAuth: false,
    disableReverseLookup: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) => {
      const isKnown = username === process.env.SMTP_USER && password === process.env.SMTP_PASSWORD && Boolean(username);
      done(isKnown ? null : new Error('5.7.8 Unknown account'), isKnown ? { user: username } : undefined);
    },
    onMailFrom: answer('onMailFrom'),
    onRcptTo: answer('onRcptTo'),
    onData: (stream, session, done) => onData(stream, session).then(() => done(), done),
  };
}

async function listen(mailbox, name, own, port) {
  const server = new SMTPServer(manners(mailbox, own, () => server));
  server.on('error', () => undefined); // a client that leaves in the middle, or that does not trust us
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  mailbox.servers[name] = server;
}

function show({ mails }) {
  const cards = mails.toReversed().map(({ at, sender, from, to, subject, text }) => `<article class="card"><h2>${escape(subject)}</h2>
<p>De ${escape(sender)} (${escape(from)}) à ${escape(to.join(', '))}, ${escape(at.slice(0, 16).replace('T', ' à '))} UTC</p>
<pre style="white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0">${escape(text)}</pre></article>`);
  const none = '<p>Aucun message. Ceux que le service envoie arrivent ici, et nulle part ailleurs.</p>';
  return page(TITLE, cards.length ? cards.join('\n') : none);
}

const VERBS = {
  received: () => undefined,
  reset: (mailbox) => mailbox.reset(),
  release: (mailbox) => mailbox.release(),
  break: (mailbox, options) => mailbox.break(options),
};

async function admin(mailbox, req, res, verb) {
  const answer = (status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (!VERBS[verb]) return answer(404, { error: `unknown verb: ${verb}` });
  // A form of a hostile page cannot send this type: no page in the same browser can push the door.
  if (!req.headers['content-type']?.startsWith('application/json')) return answer(415, { error: 'application/json only' });
  try {
    VERBS[verb](mailbox, JSON.parse((await readBody(req)) || '{}'));
    return answer(200, mailbox);
  } catch (error) {
    return answer(400, { error: error.message });
  }
}

async function handle(mailbox, folder, req, res) {
  if (req.method === 'GET' && req.url === '/') return sendPage(res, 200, show(mailbox));
  if (req.method === 'GET' && req.url === '/ca.pem') return res.end(readFileSync(join(folder, 'ca.pem')));
  if (req.method === 'POST' && req.url.startsWith('/admin/')) return admin(mailbox, req, res, req.url.slice(7));
  return res.writeHead(404).end();
}

const { port, folder } = begin('courriel');
const own = await makeCertificate(folder);
const mailbox = new Mailbox();
await listen(mailbox, 'starttls', own, Number(process.env.SMTP_PORT ?? 0));
await listen(mailbox, 'tls', { ...own, secure: true }, 0);
await listen(mailbox, 'clear', { ...own, hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }, 0);
serve('courriel', port, (req, res) => handle(mailbox, folder, req, res));
