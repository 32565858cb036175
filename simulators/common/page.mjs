const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]);

const STYLE = `
:root { color-scheme: light; --ink: #14231e; --soft: #43534c; --edge: #74857d; --ground: #f1f4f2; --accent: #1d4b86; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 "Segoe UI", system-ui, sans-serif; }
.banner { background: #fcefd3; border-bottom: 3px solid #b06a00; color: #5c3900; padding: .75rem 1rem;
  text-align: center; font-weight: 600; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 .5rem; }
p { max-width: 66ch; margin: 0 0 1rem; color: var(--soft); }
ul { list-style: none; margin: 0 0 1.5rem; padding: 0; display: grid; gap: .5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
li { display: flex; }
button { font: inherit; color: inherit; cursor: pointer; border-radius: .5rem; padding: .7rem 1rem; min-height: 3rem; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.person { flex: 1; text-align: left; background: #fff; border: 1px solid var(--edge); overflow-wrap: anywhere; }
.person:hover { border-color: var(--accent); background: #e4edf8; }
.person strong, .person span { display: block; }
.person span { color: var(--soft); font-size: .9rem; }
.main-action { background: var(--accent); border: 1px solid var(--accent); color: #fff; }
.other-action { background: #fff; border: 1px solid var(--edge); }
.actions { display: flex; gap: .75rem; flex-wrap: wrap; }
.card { background: #fff; border: 1px solid var(--edge); border-radius: .5rem; padding: 1rem; margin-bottom: 1rem; }
.card h2 { margin-top: 0; }
.code { color: var(--ink); font-size: 2.2rem; font-weight: 700; letter-spacing: .15em; }
`;

/** A whole page: no script, no outside asset. */
export function page(title, body) {
  return `<!doctype html><html lang="fr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title>
<style>${STYLE}</style></head><body>
<header class="banner">Service de démonstration : personnes inventées, aucune vraie identité.</header>
<main><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

const personButton = ({ id, nom, details }) => `<li><button class="person" name="personne" value="${escape(id)}">
<strong>${escape(nom)}</strong>${details.map((line) => `<span>${escape(line)}</span>`).join('')}</button></li>`;

export function loginPage({ title, intro, people, action }) {
  return page(title, `<p>${escape(intro)}</p>
<form method="post" action="${escape(action)}"><ul>${people.map(personButton).join('')}</ul>
<button class="other-action" name="annuler" value="oui">Annuler la connexion</button></form>`);
}

export function errorPage(title, { error, error_description: description }) {
  return page(title, `<h2>Demande refusée</h2>
<p>Le service appelant a envoyé une demande que ce service n’accepte pas.</p>
<div class="card"><strong>${escape(error)}</strong><p>${escape(description ?? '')}</p></div>`);
}

export function sendPage(res, status, html) {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  res.end(html);
}

export function sendError(res, title, error, description, status = 400) {
  sendPage(res, status, errorPage(title, { error, error_description: description }));
}
