// CIBA in poll mode: the request waits until the "telephone" (a page here, the e-CPS application there) answers.
import { errors } from 'oidc-provider';
import { readBody } from '../common/body.mjs';
import { escape, page, sendPage } from '../common/page.mjs';

const TITLE = 'Simulateur de l’application e-CPS';
const NOTHING = '<p>Aucune demande en attente. Rechargez la page après avoir lancé la connexion.</p>';
const CHANNELS = new Set(['CARD', 'MOBILE']);
const SESSION_TTL = 14_400;

/** How this stand-in paces polls: `interval` is what it announces (null: nothing), `strict` refuses who comes sooner. */
const USUAL_PACE = { interval: 1, strict: false };

export class Pace {
  constructor() {
    this.reset();
  }

  reset() {
    this.rule = { ...USUAL_PACE };
    this.polled = new Map();
  }

  set({ interval = USUAL_PACE.interval, strict = USUAL_PACE.strict }) {
    this.rule = { interval, strict };
    return this.rule;
  }

  /** Whether this poll comes sooner after the one before it than was announced (5 s when nothing was): slow_down. */
  isTooSoon(id) {
    const now = Date.now();
    const before = this.polled.get(id);
    this.polled.set(id, now);
    return this.rule.strict && before !== undefined && now - before < (this.rule.interval ?? 5) * 1000;
  }
}

export const cibaFeature = (simulator) => ({
  enabled: true,
  deliveryModes: ['poll'],
  processLoginHint: async (_ctx, hint) => {
    const person = simulator.people.find(hint);
    return person?.claims.SubjectNameID === hint ? person.claims.sub : undefined;
  },
  processLoginHintToken: async () => undefined,
  verifyUserCode: async () => {},
  validateRequestContext: async () => {},
  validateBindingMessage: async (_ctx, message) => {
    if (/^\d{2}$/.test(message ?? '')) return;
    throw new errors.InvalidBindingMessage('binding_message must be two digits, 00 to 99');
  },
  triggerAuthenticationDevice: async () => {},
});

export function checkCibaRequest(ctx, channel) {
  if (!CHANNELS.has(channel)) throw new errors.InvalidRequest('channel must be CARD or MOBILE');
  if (ctx.oidc.body.acr_values !== 'eidas1') throw new errors.InvalidRequest('acr_values must be eidas1');
}

function pending({ store, people }) {
  const now = Date.now() / 1000;
  return store.all('BackchannelAuthenticationRequest')
    .filter((row) => row.exp > now && !row.grantId && !row.error)
    .map(({ jti, accountId, params }) => ({
      auth_req_id: jti, person: people.find(accountId)?.id, nom: people.find(accountId)?.nom,
      binding_message: params.binding_message, channel: params.channel,
    }));
}

/** The CIBA login opens a PSC session like any other, so that logout and its back-channel reach it. */
async function approve(simulator, id) {
  const { provider, settings: { clientId } } = simulator;
  const request = await provider.BackchannelAuthenticationRequest.find(id);
  const { accountId, params } = request;
  const grant = new provider.Grant({ clientId, accountId });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  const session = new provider.Session();
  session.loginAccount({ accountId, acr: 'eidas1' });
  session.ensureClientContainer(clientId);
  session.grantIdFor(clientId, grantId);
  await session.save(SESSION_TTL);
  await provider.backchannelResult(request, grant, {
    acr: 'eidas1', authTime: session.loginTs, sid: session.sidFor(clientId),
    sessionUid: session.uid, expiresWithSession: true,
  });
}

async function answer(simulator, { auth_req_id: id, person, answer: said }) {
  const wanted = id ? (row) => row.auth_req_id === id : (row) => row.person === simulator.people.get(person).id;
  const asked = pending(simulator).filter(wanted);
  if (asked.length !== 1) throw new RangeError(`${asked.length} pending request(s) found, one wanted`);
  const [{ auth_req_id: found }] = asked;
  if (said === 'approve') await approve(simulator, found);
  else if (said === 'deny') await simulator.provider.backchannelResult(found, new errors.AccessDenied());
  else if (said === 'expire') simulator.store.all('BackchannelAuthenticationRequest').find(({ jti }) => jti === found).exp = 1;
  else throw new TypeError('answer is approve, deny or expire');
  return { auth_req_id: found, answer: said };
}

export const cibaVerbs = (pace) => ({
  ciba: (simulator) => ({ pending: pending(simulator) }),
  ciba_answer: answer,
  ciba_pace: (_simulator, rule) => pace.set(rule),
});

const card = ({ auth_req_id: id, nom, binding_message: code, channel }) => `<form class="card" method="post">
<h2>${escape(nom)}</h2><p>Une application demande votre identité (${channel === 'CARD' ? 'carte CPS' : 'e-CPS'}).
Vérifiez que ce nombre est bien celui qu’elle affiche :</p><p class="code">${escape(code)}</p>
<input type="hidden" name="auth_req_id" value="${escape(id)}"><div class="actions">
<button class="main-action" name="answer" value="approve">Approuver</button>
<button class="other-action" name="answer" value="deny">Refuser</button></div></form>`;

/** GET and POST /telephone: what the professional would see on the telephone. */
export async function telephone(simulator, req, res) {
  if (req.method === 'POST') {
    await answer(simulator, Object.fromEntries(new URLSearchParams(await readBody(req)))).catch((error) => {
      if (!(error instanceof RangeError)) throw error; // answered meanwhile: the list below says so
    });
  }
  const cards = pending(simulator).map(card).join('');
  sendPage(res, 200, page(TITLE, cards || NOTHING));
}
