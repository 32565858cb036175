import { readBody } from './body.mjs';
import { loginPage, sendError, sendPage } from './page.mjs';
import { endSessions } from './sessions.mjs';

/** GET: the list of people. POST: the person chosen, or the refusal. */
export async function interaction(simulator, req, res) {
  const { provider, people, definition } = simulator;
  let details;
  try {
    details = await provider.interactionDetails(req, res);
  } catch {
    const description = 'Cette demande de connexion n’existe plus. Recommencez depuis l’application.';
    return sendError(res, definition.title, 'session_not_found', description);
  }
  if (req.method !== 'POST') return sendPage(res, 200, choicePage(simulator, details));
  const form = new URLSearchParams(await readBody(req));
  if (form.has('annuler')) {
    const refusal = { error: 'access_denied', error_description: 'La personne a annulé la connexion' };
    return provider.interactionFinished(req, res, refusal, { mergeWithLastSubmission: false });
  }
  const person = people.find(form.get('personne'));
  if (!person) return sendPage(res, 400, choicePage(simulator, details));
  await leaveOther(simulator, details, person);
  const login = { accountId: person.claims.sub, ...definition.authentication(details.params) };
  return provider.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false });
}

/** Somebody else's session in this browser is ended first, and told to the application. */
async function leaveOther(simulator, details, person) {
  const { session } = details;
  if (!session?.accountId || session.accountId === person.claims.sub) return;
  await endSessions(simulator, ({ uid }) => uid === session.uid, 'other person');
  details.session = undefined;
  await details.save(details.exp - Math.floor(Date.now() / 1000));
}

function choicePage({ definition, people }, { uid }) {
  return loginPage({
    title: definition.title, intro: definition.intro, people: people.all(), action: `/interaction/${uid}`,
  });
}

/** No consent screen: what was asked is granted (loadExistingGrant of oidc-provider). */
export async function grantEverything(ctx) {
  const { client, provider, session, params } = ctx.oidc;
  const known = session.grantIdFor(client.clientId);
  const grant = (known && await provider.Grant.find(known))
    || new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  grant.addOIDCClaims([...ctx.oidc.requestParamClaims]);
  await grant.save();
  return grant;
}
