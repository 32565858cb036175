// FranceConnect+ stand-in. What it imitates and what it does not check: ../README.md.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errors } from 'oidc-provider';
import { checkScopes } from '../common/scopes.mjs';
import { readSettings } from '../common/settings.mjs';
import { run } from '../common/simulator.mjs';

const BASE = '/api/v2';
const LEVELS = ['eidas2', 'eidas3'];
const SCOPES = ['openid', 'identite_pivot', 'profile', 'birth', 'email'];
const PIVOT = ['given_name', 'family_name', 'birthdate', 'gender', 'birthplace', 'birthcountry'];
const SHORTEST_RANDOM = 22; // characters of state and nonce: 128 bits in base64url
// Public on purpose: the pairwise sub of an invented person must survive a restart, as the application keeps it.
const PAIRWISE_SALT = 'franceconnect-simulateur';

const { personnes } = JSON.parse(readFileSync(new URL('./personnes.json', import.meta.url)));

const birthday = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'short', timeZone: 'UTC' });

function person({ id, ...claims }) {
  const born = claims.gender === 'female' ? 'Née' : 'Né';
  const details = [`${born} le ${birthday.format(new Date(claims.birthdate))}`];
  const nom = `${claims.given_name} ${claims.family_name}`;
  return { id, nom, details, claims: { sub: id, preferred_username: '', ...claims } };
}

/** The real service shows its own error page for these: the application is not called back. */
function refuse(description) {
  return Object.assign(new errors.InvalidRequest(description), { allow_redirect: false });
}

/** Runs on each authorization request (oidc-provider calls it, parameter present or not). */
function checkRequest(ctx) {
  const { params } = ctx.oidc;
  for (const name of ['state', 'nonce']) {
    if ((params[name] ?? '').length < SHORTEST_RANDOM) {
      throw refuse(`${name} is required, with at least ${SHORTEST_RANDOM} characters`);
    }
  }
  if (!requestedLevel(params)) throw refuse('acr_values must be eidas2 or eidas3');
  checkScopes(ctx, { required: ['openid'], known: SCOPES });
}

const requestedLevel = ({ acr_values: values }) => values?.split(' ').find((level) => LEVELS.includes(level));

const configuration = () => ({
  scopes: SCOPES,
  claims: {
    openid: ['sub'],
    identite_pivot: PIVOT,
    profile: ['given_name', 'family_name', 'birthdate', 'gender', 'preferred_username'],
    birth: ['birthplace', 'birthcountry'],
    email: ['email'],
    acr: null,
    amr: null,
    auth_time: null,
    sid: null,
  },
  acrValues: LEVELS,
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (_ctx, sub, { clientId }) =>
    `${createHash('sha256').update(`${PAIRWISE_SALT} ${clientId} ${sub}`).digest('hex')}v1`,
  clientAuthMethods: ['client_secret_post'],
  pkce: { required: () => false },
  extraParams: { idp_hint: checkRequest },
  ttl: { AccessToken: 60, IdToken: 60, AuthorizationCode: 30, Session: 600, Grant: 600, Interaction: 600 },
  features: {
    jwtUserinfo: { enabled: true }, claimsParameter: { enabled: true }, revocation: { enabled: false },
    dPoP: { enabled: false }, pushedAuthorizationRequests: { enabled: false },
  },
});

/** oidc-provider takes the secret in the header or in the form alike; FranceConnect+ documents the form alone. */
const answer = (simulator) => async (ctx, next) => {
  if (simulator.endpointOf(ctx.path) !== 'token' || !ctx.headers.authorization) return next();
  ctx.status = 401;
  ctx.body = { error: 'invalid_client', error_description: 'client_secret_post is expected' };
};

run({
  name: 'franceconnect',
  title: 'Simulateur de FranceConnect+ — aucune vraie identité ici',
  intro: `Choisissez la personne qui se connecte. Dans la réalité, elle passerait par un fournisseur d’identité
    de niveau substantiel.`,
  basePath: BASE,
  alg: 'ES256',
  lowerAcr: 'eidas1',
  people: personnes.map(person),
  discoveryPaths: [`${BASE}/.well-known/openid-configuration`],
  routes: {
    authorization: `${BASE}/authorize`,
    token: `${BASE}/token`,
    userinfo: `${BASE}/userinfo`,
    jwks: `${BASE}/jwks`,
    end_session: `${BASE}/session/end`,
  },
  client: () => ({
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_post',
    subject_type: 'pairwise',
  }),
  authentication: (params) => ({ acr: requestedLevel(params), amr: ['pin', 'pop', 'mfa'] }),
  configuration,
  answer,
}, readSettings());
