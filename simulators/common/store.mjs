const now = () => Math.floor(Date.now() / 1000);

/** What oidc-provider keeps (sessions, grants, tokens), in memory, and readable by the admin door. */
export class Store {
  #rows = new Map();

  clear() {
    this.#rows.clear();
  }

  /** The adapter factory that oidc-provider asks for; several providers may share one store (key rotation). */
  adapter = (model) => ({
    upsert: async (id, payload) => void this.#rows.set(`${model}:${id}`, payload),
    find: async (id) => this.#rows.get(`${model}:${id}`),
    findByUid: async (uid) => this.all(model).find((row) => row.uid === uid),
    findByUserCode: async (userCode) => this.all(model).find((row) => row.userCode === userCode),
    consume: async (id) => { this.#rows.get(`${model}:${id}`).consumed = now(); },
    destroy: async (id) => void this.#rows.delete(`${model}:${id}`),
    revokeByGrantId: async (grantId) => this.revokeGrant(grantId),
  });

  all(model) {
    return [...this.#rows].filter(([key]) => key.startsWith(`${model}:`)).map(([, row]) => row);
  }

  sessions(wanted) {
    return this.all('Session').filter((row) => row.accountId && row.exp > now() && wanted(row));
  }

  revokeGrant(grantId) {
    for (const [key, row] of this.#rows) {
      if (row.grantId === grantId || key === `Grant:${grantId}`) this.#rows.delete(key);
    }
  }
}
