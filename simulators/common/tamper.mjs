// The layer in front of oidc-provider that makes the next answer fail or lie. Each fault names the endpoint whose
// answer it spoils and is used up by it. Lies are signed with the true key; forgeries are not.
import { randomBytes } from 'node:crypto';
import { breakSignature, decode, signHs256, signWith, unsigned } from './jws.mjs';

const HOUR = 3600;
const publicPem = (key) => key.publicKey.export({ type: 'spki', format: 'pem' });

/** fault → (claims, options, defaults) → claims; re-signed by the true key afterwards. */
const ID_TOKEN_LIES = {
  acr: (claims, { value }, { lowerAcr }) => ({ ...claims, acr: value ?? lowerAcr }),
  amr: (claims, { value = [] }) => ({ ...claims, amr: value }),
  nonce: (claims) => ({ ...claims, nonce: randomBytes(16).toString('hex') }),
  expired: (claims) => ({ ...claims, iat: claims.iat - 2 * HOUR, exp: claims.iat - HOUR }),
  iss: (claims, { value = 'https://issuer.invalid' }) => ({ ...claims, iss: value }),
  aud: (claims, { value = 'another-client' }) => ({ ...claims, aud: value }),
  id_token_claim: (claims, { claim, value }) => ({ ...claims, [claim]: value }),
};

const USERINFO_LIES = {
  userinfo_sub: (claims, { value = 'another-person' }) => ({ ...claims, sub: value }),
  userinfo_claim: (claims, { claim, value }) => ({ ...claims, [claim]: value }),
};

/** fault → (token, options, simulator) → token. */
const ID_TOKEN_FORGERIES = {
  alg_none: (token) => unsigned(...parts(token)),
  // `with`: "public_key" is the classic confusion of algorithms, "client_secret" is what OIDC would call legal HS256.
  alg_hs256: (token, { with: secret = 'public_key' }, { keys, settings }) =>
    signHs256(secret === 'client_secret' ? settings.clientSecret : publicPem(keys.current), ...parts(token)),
  id_token_signature: breakSignature,
};

const USERINFO_FORGERIES = { userinfo_signature: breakSignature };

function parts(token) {
  const { header, payload } = decode(token);
  return [header, payload];
}

function lie(change) {
  return (token, options, simulator) => {
    const { header, payload } = decode(token);
    return signWith(simulator.keys.current, header, change(payload, options, simulator));
  };
}

const lies = (table) => Object.fromEntries(Object.entries(table).map(([name, change]) => [name, lie(change)]));
const TOKEN_FAULTS = { ...lies(ID_TOKEN_LIES), ...ID_TOKEN_FORGERIES };
const USERINFO_FAULTS = { ...lies(USERINFO_LIES), ...USERINFO_FORGERIES };

/** Faults of the wire: `endpoint` says which answer (token when left out). */
const WIRE_FAULTS = ['slow', 'status', 'cut', 'slow_down'];
const ENDPOINTS = ['authorization', 'token', 'userinfo', 'jwks', 'discovery', 'introspection', 'ciba', 'logout'];

export const FAULTS = [...Object.keys(TOKEN_FAULTS), ...Object.keys(USERINFO_FAULTS), ...WIRE_FAULTS];

function mustBeIn(known, name) {
  if (!known.includes(name)) throw new TypeError(`unknown: ${name}; one of ${known.join(', ')}`);
}

export class Faults {
  #pending = [];

  #held = new Set();

  add({ fault, times = 1, endpoint = 'token', ...options }) {
    mustBeIn(FAULTS, fault);
    mustBeIn(ENDPOINTS, endpoint);
    if (fault.endsWith('_claim') && !options.claim) throw new TypeError(`${fault} wants a claim`);
    this.#pending.push({ fault, times, endpoint, ...options });
  }

  list() {
    return this.#pending;
  }

  reset() {
    this.#pending = [];
    this.release();
  }

  /** Lets go every answer held by `slow`. */
  release() {
    const count = this.#held.size;
    for (const go of this.#held) go();
    return count;
  }

  #take(wanted) {
    const taken = this.#pending.filter(wanted);
    for (const fault of taken) fault.times -= 1;
    this.#pending = this.#pending.filter(({ times }) => times > 0);
    return taken;
  }

  takeWire(endpoint) {
    return this.#take((pending) => WIRE_FAULTS.includes(pending.fault) && pending.endpoint === endpoint);
  }

  /** Applies to one token every fault of the table that waits for it, in the order given. */
  spoil(token, table, simulator) {
    return this.#take(({ fault }) => fault in table)
      .reduce((spoilt, { fault, ...options }) => table[fault](spoilt, options, simulator), token);
  }

  /** Waits `ms`, or until the verb `release` when no time was given. */
  async hold({ ms }) {
    await new Promise((resolve) => {
      const go = () => { clearTimeout(timer); this.#held.delete(go); resolve(); };
      const timer = ms === undefined ? undefined : setTimeout(go, ms);
      this.#held.add(go);
    });
  }
}

async function spoilWire(ctx, { fault, status = 500, ...options }, faults) {
  if (fault === 'slow') {
    await faults.hold(options);
    return false;
  }
  if (fault === 'cut') {
    ctx.respond = false;
    ctx.req.socket.destroy();
  } else {
    ctx.status = fault === 'slow_down' ? 400 : status;
    ctx.body = { error: fault === 'slow_down' ? 'slow_down' : 'server_error' };
  }
  return true;
}

/** Koa middleware, placed in front of oidc-provider. */
export function tamper(simulator) {
  const { faults } = simulator;
  return async (ctx, next) => {
    const endpoint = simulator.endpointOf(ctx.path);
    for (const fault of faults.takeWire(endpoint)) {
      if (await spoilWire(ctx, fault, faults)) return;
    }
    await next();
    if (endpoint === 'token' && ctx.body?.id_token) {
      ctx.body = { ...ctx.body, id_token: faults.spoil(ctx.body.id_token, TOKEN_FAULTS, simulator) };
    } else if (endpoint === 'userinfo' && ctx.status === 200) {
      const type = ctx.type;
      ctx.body = faults.spoil(ctx.body, USERINFO_FAULTS, simulator);
      ctx.type = type;
    }
  };
}
