// The admin door: POST /admin/<verb> with a JSON object, JSON back; verbs that only read answer GET too.
import { readBody } from './body.mjs';
import { endSessions } from './sessions.mjs';
import { FAULTS } from './tamper.mjs';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

const READING = {
  received: ({ journal }) => journal.toJSON(),
  people: ({ people }) => ({ people: people.all() }),
  faults: ({ faults }) => ({ pending: faults.list(), known: FAULTS }),
};

const WRITING = {
  reset(simulator) {
    simulator.reset();
    return {};
  },
  forget({ journal }) {
    journal.reset();
    return {};
  },
  break({ faults }, options) {
    faults.add(options);
    return { pending: faults.list() };
  },
  release: ({ faults }) => ({ released: faults.release() }),
  rotate_key(simulator, { keep_old: keepOld = true }) {
    simulator.rotateKey({ keepOld });
    return { kid: simulator.keys.current.kid };
  },
  async end_session(simulator, { person }) {
    const { sub } = simulator.people.get(person).claims;
    const calls = simulator.journal.backchannel.length;
    const ended = await endSessions(simulator, ({ accountId }) => accountId === sub, 'admin');
    return { ended, backchannel: simulator.journal.backchannel.slice(calls) };
  },
  change_person: ({ people }, { person, ...change }) => people.change(person, change),
  add_person: ({ people }, { person }) => people.add(person),
};

export async function admin(simulator, req, res, verb) {
  const [status, answer] = await run(simulator, req, verb);
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(answer));
}

async function run(simulator, req, verb) {
  if (!LOOPBACK.has(req.socket.remoteAddress) || !LOCAL_HOST.test(req.headers.host ?? '')) {
    return [403, { error: 'loopback only' }];
  }
  const own = simulator.definition.adminVerbs ?? {};
  const action = { ...READING, ...WRITING, ...own }[verb];
  if (!action) return [404, { error: `unknown verb: ${verb}` }];
  if (req.method !== 'POST' && !(req.method === 'GET' && verb in READING)) return [405, { error: 'POST only' }];
  // A form of a hostile page cannot send this type: no page in the same browser can push the door.
  if (req.method === 'POST' && !req.headers['content-type']?.startsWith('application/json')) {
    return [415, { error: 'application/json only' }];
  }
  try {
    const body = req.method === 'POST' ? JSON.parse((await readBody(req)) || '{}') : {};
    return [200, await action(simulator, body)];
  } catch (error) {
    return [400, { error: error.message }];
  }
}
