import { decode } from './jws.mjs';
import { page, sendError, sendPage } from './page.mjs';

/** Ends every session that `wanted` keeps: back-channel calls first, then tokens and session. Returns what ended. */
export async function endSessions({ provider, store, journal }, wanted, by) {
  const ended = [];
  for (const session of store.sessions(wanted)) {
    for (const [clientId, { sid, grantId }] of Object.entries(session.authorizations ?? {})) {
      const client = await provider.Client.find(clientId);
      // The outcome of the call is in the journal; a deaf client does not keep the session alive.
      if (client.backchannelLogoutUri) await client.backchannelLogout(session.accountId, sid).catch(() => {});
      store.revokeGrant(grantId);
      ended.push({ by, client_id: clientId, sub: session.accountId, sid });
    }
    await store.adapter('Session').destroy(session.jti);
  }
  ended.forEach((entry) => journal.logout(entry));
  return ended;
}

async function checkHint(provider, { id_token_hint: hint, post_logout_redirect_uri: target }) {
  const client = await provider.Client.find(decode(hint).payload.aud);
  await provider.IdToken.validate(hint, client);
  if (!target || client.postLogoutRedirectUriAllowed(target)) return;
  throw new Error('post_logout_redirect_uri not registered');
}

/**
 * RP-initiated logout with id_token_hint: as Keycloak and FranceConnect do, no confirmation is asked, and the session
 * is found by the sid of the hint, so that a server to server call (CIBA) works too. Without a hint, the page asks.
 */
export async function logoutByHint(simulator, req, res, query) {
  const params = Object.fromEntries(query);
  const { sid, sub } = hintClaims(params.id_token_hint);
  const request = { method: req.method, endpoint: 'logout', params };
  const [broken] = simulator.faults.takeWire('logout');
  if (broken) {
    simulator.journal.request({ ...request, status: broken.fault === 'cut' ? null : broken.status ?? 500 });
    return broken.fault === 'cut' ? req.socket.destroy() : res.writeHead(broken.status ?? 500).end();
  }
  try {
    await checkHint(simulator.provider, params);
  } catch (error) {
    simulator.journal.request({ ...request, status: 400, error: 'invalid_request' });
    return sendError(res, simulator.definition.title, 'invalid_request', error.error_description ?? error.message);
  }
  const hasSid = ({ authorizations = {} }) => Object.values(authorizations).some((row) => row.sid === sid);
  await endSessions(simulator, hasSid, 'rp');
  simulator.journal.request({ ...request, status: params.post_logout_redirect_uri ? 302 : 200, sub });
  if (!params.post_logout_redirect_uri) return sendPage(res, 200, goodbye(simulator.definition.title));
  const target = new URL(params.post_logout_redirect_uri);
  if (params.state) target.searchParams.set('state', params.state);
  return res.writeHead(302, { location: target.href, 'cache-control': 'no-store' }).end();
}

function hintClaims(hint) {
  try {
    return decode(hint).payload;
  } catch {
    return {};
  }
}

const GOODBYE = '<p>Vous êtes déconnecté de ce service. Vous pouvez fermer cet onglet.</p>';
export const goodbye = (title) => page(title, GOODBYE);
