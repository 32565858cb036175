/** What the simulator received and sent, for tests to read. Client secrets never enter it. */
export class Journal {
  constructor() {
    this.reset();
  }

  reset() {
    this.requests = [];
    this.logouts = [];
    this.backchannel = [];
  }

  request(entry) {
    const { client_secret: _secret, ...params } = entry.params ?? {};
    this.requests.push({ at: new Date().toISOString(), ...entry, params });
  }

  logout(entry) {
    this.logouts.push({ at: new Date().toISOString(), ...entry });
  }

  /** A fetch for oidc-provider that writes down each back-channel call and its outcome. */
  fetch = async (url, { dispatcher: _ssrfGuard, ...options }) => {
    // oidc-provider's dispatcher refuses loopback targets; on loopback is where this program lives.
    const logoutToken = new URLSearchParams(options.body).get('logout_token');
    const call = { at: new Date().toISOString(), url, logout_token: logoutToken };
    this.backchannel.push(call);
    try {
      const answer = await fetch(url, options);
      call.outcome = answer.ok ? 'accepted' : 'refused';
      call.status = answer.status;
      return answer;
    } catch (error) {
      call.outcome = 'unreachable';
      call.error = String(error.cause?.code ?? error.name);
      throw error;
    }
  };

  toJSON() {
    return { requests: this.requests, logouts: this.logouts, backchannel: this.backchannel };
  }
}
