import { errors } from 'oidc-provider';

/** oidc-provider drops unknown scopes in silence, the real services refuse them: read what was sent. */
export function checkScopes(ctx, { required, known }) {
  const sent = ctx.query.scope ?? ctx.oidc.body?.scope ?? '';
  const scopes = sent.split(' ');
  const missing = required.filter((scope) => !scopes.includes(scope));
  const unknown = scopes.filter((scope) => !known.includes(scope));
  if (missing.length || unknown.length) throw new errors.InvalidScope(`required: ${required.join(' ')}`, sent);
}
