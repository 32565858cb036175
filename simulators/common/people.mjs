/**
 * The people of a simulator. A person is { id, nom, details, claims }: `nom` and `details` are shown on the login page,
 * `claims` is what userinfo says. `claims.sub` is the account id inside the simulator.
 */
export class People {
  #initial;

  #people;

  constructor(initial) {
    this.#initial = initial;
    this.reset();
  }

  reset() {
    this.#people = new Map(structuredClone(this.#initial).map((person) => [person.id, person]));
  }

  all() {
    return [...this.#people.values()];
  }

  /** By our id, by sub, or by national identifier. */
  find(key) {
    return this.all().find(({ id, claims }) => [id, claims.sub, claims.SubjectNameID].includes(key));
  }

  get(key) {
    const person = this.find(key);
    if (!person) throw new RangeError(`unknown person: ${key}`);
    return person;
  }

  add(person) {
    if (!person?.id || !person.nom || !person.claims?.sub) throw new TypeError('a person has id, nom and claims.sub');
    if (this.find(person.id) || this.find(person.claims.sub)) throw new TypeError(`already there: ${person.id}`);
    this.#people.set(person.id, { details: [], ...person });
    return this.get(person.id);
  }

  change(key, { set = {}, remove = [] }) {
    const person = this.get(key);
    Object.assign(person.claims, set);
    for (const claim of remove) delete person.claims[claim];
    return person;
  }
}
