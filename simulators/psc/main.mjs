// Pro Santé Connect stand-in. What it imitates and what it does not check: ../README.md.
import { errors } from 'oidc-provider';
import { checkScopes } from '../common/scopes.mjs';
import { readSettings } from '../common/settings.mjs';
import { run } from '../common/simulator.mjs';
import { checkCibaRequest, cibaFeature, cibaVerbs, Pace, telephone } from './ciba.mjs';
import { PERSONNES, situation } from './personnes.mjs';

const REALM = '/auth/realms/esante-wallet';
const PROTOCOL = `${REALM}/protocol/openid-connect`;
const SCOPES = ['openid', 'scope_all'];
const CIBA = 'urn:openid:params:grant-type:ciba';
const REFRESH_TTL = 1800;
const SESSION = { idle: 1800, absolute: 14_400 };
const pace = new Pace();

const USERINFO_CLAIMS = [
  ...Object.keys(PERSONNES[0].claims).filter((claim) => claim !== 'sub' && claim !== 'preferred_username'),
  'email', 'codeCivilite', // seen at top level in another public fixture
];

/** Runs on each authorization and CIBA request (oidc-provider calls it for every request, parameter present or not). */
function checkRequest(ctx, channel) {
  const { params, route } = ctx.oidc;
  checkScopes(ctx, { required: SCOPES, known: SCOPES });
  if (route === 'backchannel_authentication') return checkCibaRequest(ctx, channel);
  if (!params.state || !params.nonce) throw new errors.InvalidRequest('state and nonce are required');
}

function sessionTtl(_ctx, session) {
  const now = Math.floor(Date.now() / 1000);
  const left = (session.loginTs ?? now) + SESSION.absolute - now;
  return Math.max(1, Math.min(SESSION.idle, left));
}

const configuration = (simulator) => ({
  scopes: SCOPES,
  claims: { openid: ['sub', 'preferred_username'], scope_all: USERINFO_CLAIMS, acr: null, sid: null, auth_time: null },
  acrValues: ['eidas1', 'eidas2'],
  clientAuthMethods: ['client_secret_basic'],
  pkce: { required: () => false },
  extraParams: { channel: checkRequest },
  ttl: {
    AccessToken: 120, IdToken: 120, AuthorizationCode: 60, RefreshToken: REFRESH_TTL, Session: sessionTtl,
    Grant: SESSION.absolute, Interaction: 600, BackchannelAuthenticationRequest: 120,
  },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  features: {
    jwtUserinfo: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: false },
    backchannelLogout: { enabled: true }, claimsParameter: { enabled: true },
    dPoP: { enabled: false }, pushedAuthorizationRequests: { enabled: false }, ciba: cibaFeature(simulator),
  },
});

/** What Keycloak adds to the answers of the token and CIBA endpoints. */
const answer = (simulator) => async (ctx, next) => {
  await next();
  const endpoint = simulator.endpointOf(ctx.path);
  // oidc-provider itself never says slow_down: it stands for authorization_pending, to who polls too often.
  if (ctx.body?.error === 'authorization_pending' && pace.isTooSoon(ctx.oidc.params.auth_req_id)) {
    ctx.body = { error: 'slow_down' };
  }
  if (ctx.status !== 200) return;
  if (endpoint === 'token') {
    const { sid } = JSON.parse(Buffer.from(ctx.body.id_token.split('.')[1], 'base64url'));
    ctx.body = { ...ctx.body, refresh_expires_in: REFRESH_TTL, session_state: sid };
  } else if (endpoint === 'ciba') {
    ctx.body = { ...ctx.body, ...(pace.rule.interval !== null && { interval: pace.rule.interval }) };
  }
};

/** change_person with `activities`: the same list under every exercice, and the default situation that follows. */
function changePerson({ people }, { person, activities, ...change }) {
  const changed = people.change(person, change);
  if (activities) {
    for (const exercice of changed.claims.SubjectRefPro.exercices) exercice.activities = activities;
    Object.assign(changed.claims, situation(activities));
  }
  return changed;
}

run({
  name: 'psc',
  title: 'Simulateur de Pro Santé Connect — aucune vraie carte ici',
  intro: `Choisissez la personne qui se connecte. Dans la réalité, elle présenterait sa carte CPS ou son application
    e-CPS.`,
  basePath: REALM,
  alg: 'RS256',
  lowerAcr: '0',
  people: PERSONNES,
  discoveryPaths: [`${REALM}/.well-known/wallet-openid-configuration`, `${REALM}/.well-known/openid-configuration`],
  routes: {
    authorization: '/auth',
    token: `${PROTOCOL}/token`,
    userinfo: `${PROTOCOL}/userinfo`,
    jwks: `${PROTOCOL}/certs`,
    introspection: `${PROTOCOL}/token/introspect`,
    end_session: `${PROTOCOL}/logout`,
    backchannel_authentication: `${PROTOCOL}/ext/ciba/auth`,
  },
  client: ({ backchannelLogoutUri }) => ({
    grant_types: ['authorization_code', 'refresh_token', CIBA],
    token_endpoint_auth_method: 'client_secret_basic',
    default_acr_values: ['eidas1'],
    require_auth_time: true,
    backchannel_token_delivery_mode: 'poll',
    ...(backchannelLogoutUri && {
      backchannel_logout_uri: backchannelLogoutUri, backchannel_logout_session_required: true,
    }),
  }),
  authentication: () => ({ acr: 'eidas1' }),
  configuration,
  answer,
  onReset: () => pace.reset(),
  adminVerbs: { ...cibaVerbs(pace), change_person: changePerson },
  pages: { '/telephone': telephone },
}, readSettings());
