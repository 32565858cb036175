import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { admin } from './admin.mjs';
import { Journal } from './journal.mjs';
import { KeyRing } from './keys.mjs';
import { grantEverything, interaction } from './login.mjs';
import { errorPage, page, sendError } from './page.mjs';
import { People } from './people.mjs';
import { goodbye, logoutByHint } from './sessions.mjs';
import { Store } from './store.mjs';
import { Faults, tamper } from './tamper.mjs';

const STANDARD_DISCOVERY = '/.well-known/openid-configuration';

/** oidc-provider route names → the names used by the journal and the faults. */
const ENDPOINTS = {
  authorization: 'authorization', token: 'token', userinfo: 'userinfo', jwks: 'jwks', introspection: 'introspection',
  revocation: 'revocation', end_session: 'logout', backchannel_authentication: 'ciba',
};

/**
 * A stand-in: oidc-provider dressed as one national service, with a login page, a memory and an admin door.
 *
 * `definition` says how this service differs: name, title, intro, basePath, alg, lowerAcr, discoveryPaths, routes,
 * configuration(simulator), client, authentication(params), people, and optionally adminVerbs, pages, answer,
 * onReset.
 */
export class Simulator {
  #cookieKeys = [randomBytes(32).toString('hex')];

  constructor(definition, settings) {
    this.definition = definition;
    this.settings = settings;
    this.issuer = `${settings.origin}${definition.basePath}`;
    this.lowerAcr = definition.lowerAcr;
    this.people = new People(definition.people);
    this.journal = new Journal();
    this.faults = new Faults();
    this.store = new Store();
    this.keys = new KeyRing(definition.alg);
    this.provider = this.#makeProvider();
  }

  reset() {
    this.people.reset();
    this.journal.reset();
    this.faults.reset();
    this.store.clear();
    this.definition.onReset?.();
  }

  /** oidc-provider reads its keys once: a new one on the same store takes over, sessions and tokens survive. */
  rotateKey(options) {
    this.keys.rotate(options);
    this.provider = this.#makeProvider();
  }

  endpointOf(path) {
    if (path === STANDARD_DISCOVERY) return 'discovery';
    const name = Object.keys(ENDPOINTS).find((route) => this.definition.routes[route] === path);
    return ENDPOINTS[name];
  }

  #makeProvider() {
    const provider = new Provider(this.issuer, this.#configuration());
    provider.Client.prototype.includeSid = () => true; // both services always send sid, back-channel logout or not
    provider.use(this.#remember());
    provider.use(tamper(this));
    if (this.definition.answer) provider.use(this.definition.answer(this));
    this.callback = provider.callback();
    return provider;
  }

  #configuration() {
    const { definition, settings } = this;
    const own = definition.configuration(this);
    const cookie = (name) => `${definition.name}_${settings.port}_${name}`;
    return {
      ...own,
      adapter: this.store.adapter,
      jwks: this.keys.jwks,
      clients: [this.#client()],
      routes: definition.routes,
      responseTypes: ['code'],
      enabledJWA: { idTokenSigningAlgValues: [definition.alg], userinfoSigningAlgValues: [definition.alg] },
      // Cookies ignore ports: without the port in the name, two stand-ins on 127.0.0.1 would log each other out.
      cookies: {
        keys: this.#cookieKeys,
        names: { session: cookie('session'), interaction: cookie('interaction'), resume: cookie('resume') },
      },
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
      loadExistingGrant: grantEverything,
      findAccount: (_ctx, sub) => this.#account(sub),
      renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = errorPage(definition.title, out); },
      fetch: this.journal.fetch,
      features: { ...own.features, devInteractions: { enabled: false }, rpInitiatedLogout: this.#logoutPages() },
    };
  }

  #client() {
    const { definition: { client, alg }, settings } = this;
    return {
      client_id: settings.clientId,
      client_secret: settings.clientSecret,
      redirect_uris: settings.redirectUris,
      post_logout_redirect_uris: settings.postLogoutRedirectUris,
      response_types: ['code'],
      id_token_signed_response_alg: alg,
      userinfo_signed_response_alg: alg,
      ...client(settings),
    };
  }

  #account(sub) {
    const person = this.people.find(sub);
    return person && { accountId: sub, claims: async () => person.claims };
  }

  #logoutPages() {
    const { title } = this.definition;
    return {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = page(title, `<p>Voulez-vous vous déconnecter de ce service ?</p>${form}
<button class="main-action" form="op.logoutForm" name="logout" value="yes">Se déconnecter</button>`);
      },
      postLogoutSuccessSource: (ctx) => { ctx.body = goodbye(title); },
    };
  }

  /** Koa middleware: writes down each request once it has been answered. */
  #remember() {
    return async (ctx, next) => {
      await next();
      const endpoint = this.endpointOf(ctx.path);
      if (!endpoint) return;
      const { oidc } = ctx;
      this.journal.request({
        method: ctx.method,
        endpoint,
        params: { ...ctx.query, ...oidc?.body },
        client_auth: clientAuth(ctx),
        status: ctx.respond === false ? null : ctx.status,
        error: ctx.body?.error ?? errorOfRedirect(ctx),
      });
    };
  }

  async handle(req, res) {
    const { pathname, searchParams } = new URL(req.url, this.settings.origin);
    const { definition } = this;
    const page = definition.pages?.[pathname];
    if (pathname.startsWith('/admin/')) return admin(this, req, res, pathname.slice('/admin/'.length));
    if (pathname.startsWith('/interaction/')) return interaction(this, req, res);
    if (page) return page(this, req, res);
    if (pathname === definition.routes.end_session && req.method === 'GET' && searchParams.has('id_token_hint')) {
      return logoutByHint(this, req, res, searchParams);
    }
    if (definition.discoveryPaths.includes(pathname)) {
      req.url = STANDARD_DISCOVERY;
    } else if (pathname.startsWith('/.well-known/')) {
      return sendError(res, definition.title, 'not_found', 'Discovery is under the issuer.', 404);
    }
    return this.callback(req, res);
  }
}

function clientAuth({ headers, oidc }) {
  const scheme = headers.authorization?.split(' ')[0].toLowerCase();
  return scheme ?? (oidc?.body?.client_secret ? 'post' : 'none');
}

function errorOfRedirect(ctx) {
  const location = ctx.response.get('location');
  return location ? new URL(location, 'http://127.0.0.1').searchParams.get('error') ?? undefined : undefined;
}

/** Listens on loopback, says so in one line, and leaves on SIGTERM, SIGINT or (if asked) the end of stdin. */
export function run(definition, settings) {
  console.info = console.error; // notices of oidc-provider: stdout is for the ready line alone
  const simulator = new Simulator(definition, settings);
  const server = createServer((req, res) => {
    simulator.handle(req, res).catch((error) => {
      console.error(error);
      res.writeHead(500).end();
    });
  });
  const stop = () => {
    simulator.faults.reset();
    server.close(() => process.exit(0));
    server.closeAllConnections();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (settings.stopWithStdin) process.stdin.resume().on('end', stop);
  server.listen(settings.port, '127.0.0.1', () => console.log(`${definition.name}: prêt ${simulator.issuer}`));
}
