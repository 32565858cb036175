const list = (text) => (text ?? '').split(/[\s,]+/).filter(Boolean);

/** Reads the environment once; a missing name stops the program and says which. */
export function readSettings(env = process.env) {
  const missing = ['PORT', 'CLIENT_ID', 'CLIENT_SECRET', 'REDIRECT_URIS'].filter((name) => !env[name]);
  if (missing.length) {
    console.error(`variables manquantes : ${missing.join(', ')}`);
    process.exit(2);
  }
  return Object.freeze({
    port: Number(env.PORT),
    origin: `http://127.0.0.1:${Number(env.PORT)}`,
    clientId: env.CLIENT_ID,
    clientSecret: env.CLIENT_SECRET,
    redirectUris: list(env.REDIRECT_URIS),
    postLogoutRedirectUris: list(env.POST_LOGOUT_REDIRECT_URIS),
    backchannelLogoutUri: env.BACKCHANNEL_LOGOUT_URI || undefined,
    stopWithStdin: env.STOP_WITH_STDIN === '1',
  });
}
