// The OpenID Connect provider that an SPST has of its own. What it imitates and what it does not check: ../README.md.
import { readSettings } from '../common/settings.mjs';
import { run } from '../common/simulator.mjs';

const PEOPLE = [
  ['SP-01', 'Anne Prigent-Test', 'Direction'],
  ['SP-02', 'Hervé Lannuzel-Test', 'Secrétariat'],
];

run({
  name: 'fournisseur',
  title: 'Simulateur du fournisseur d’identité d’un SPST — aucun vrai compte ici',
  intro: 'Choisissez la personne qui se connecte. Dans la réalité, elle donnerait son mot de passe et un second facteur.',
  basePath: '',
  alg: 'RS256',
  lowerAcr: '0',
  people: PEOPLE.map(([id, nom, fonction]) => ({ id, nom, details: [fonction], claims: { sub: id } })),
  discoveryPaths: ['/.well-known/openid-configuration'],
  routes: { authorization: '/auth', token: '/token', userinfo: '/me', jwks: '/jwks', end_session: '/logout' },
  client: () => ({ grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic' }),
  authentication: () => ({ acr: 'deux-facteurs', amr: ['pwd', 'otp', 'mfa'] }),
  configuration: () => ({
    scopes: ['openid'],
    claims: { openid: ['sub'], acr: null, amr: null, auth_time: null, sid: null },
    acrValues: ['deux-facteurs'],
    clientAuthMethods: ['client_secret_basic'],
    pkce: { required: () => true },
    ttl: { AccessToken: 60, IdToken: 60, AuthorizationCode: 30, Session: 600, Grant: 600, Interaction: 600 },
    features: {
      jwtUserinfo: { enabled: true }, claimsParameter: { enabled: true }, revocation: { enabled: false },
      dPoP: { enabled: false }, pushedAuthorizationRequests: { enabled: false },
    },
  }),
}, readSettings());
