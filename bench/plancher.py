"""The floor: the same reads and the same durable insert by psycopg alone, prepared, under the same signed context.

No rule, no decision, no decryption, no object: what the database itself takes for the act.
"""

import os
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from bench.actes import TEXTE, Visites
from bench.mesure import Act
from bench.montage import Terrain
from spst.cli.peuplement import libpq
from spst.identite.rules import letters
from spst.kernel.ids import new_id
from spst.kernel.signing import sign_context

_CONTEXT = "SELECT set_config('spst.ctx', %s, true)"
_TEAM = """
    SELECT EXISTS (SELECT FROM suivi s JOIN equipe_membre m ON m.tenant_id = s.tenant_id AND m.equipe_id = s.equipe_id
                   WHERE s.tenant_id = %(t)s AND s.dossier_id = %(d)s AND m.compte_id = %(a)s),
           EXISTS (SELECT FROM regime WHERE tenant_id = %(t)s AND dossier_id = %(d)s AND regime = 'SIR'),
           (SELECT v.mpc FROM opposition_en_vigueur v WHERE v.tenant_id = %(t)s AND v.dossier_id = %(d)s)
"""
_AUTHOR = "LEFT JOIN compte c ON c.tenant_id = x.tenant_id AND c.id = x.created_by"
_OF = "WHERE x.tenant_id = %(t)s AND x.dossier_id = %(d)s"
_CONSULT = (
    "SELECT max(numero) FROM politique_version WHERE tenant_id = %(t)s",
    "SELECT travailleur_id, created_at FROM dossier WHERE tenant_id = %(t)s AND id = %(d)s",
    _TEAM,
    "SELECT t.* FROM dossier d JOIN travailleur t ON t.tenant_id = d.tenant_id AND t.id = d.travailleur_id"
    " WHERE d.tenant_id = %(t)s AND d.id = %(d)s",
    "SELECT x.*, e.nom, e.commune, e.naf FROM dossier d"
    " JOIN contrat x ON x.tenant_id = d.tenant_id AND x.travailleur_id = d.travailleur_id"
    " JOIN etablissement e ON e.tenant_id = x.tenant_id AND e.id = x.etablissement_id"
    " WHERE d.tenant_id = %(t)s AND d.id = %(d)s",
    "SELECT c.id, c.civilite, c.prenom, c.nom, h.role, q.nom FROM suivi s"
    " JOIN equipe q ON q.tenant_id = s.tenant_id AND q.id = s.equipe_id"
    " JOIN equipe_membre m ON m.tenant_id = s.tenant_id AND m.equipe_id = s.equipe_id"
    " JOIN compte c ON c.tenant_id = m.tenant_id AND c.id = m.compte_id"
    " JOIN habilitation h ON h.tenant_id = c.tenant_id AND h.compte_id = c.id"
    " WHERE s.tenant_id = %(t)s AND s.dossier_id = %(d)s",
    "SELECT code, titre, contenu, article FROM section_dmst ORDER BY rang",
    f"SELECT x.*, c.nom, i.matricule_sealed FROM medecin_traitant x {_AUTHOR}"
    f" LEFT JOIN matricule_ins i ON i.tenant_id = x.tenant_id AND i.dossier_id = x.dossier_id {_OF}",
    *(
        f"SELECT x.*, c.nom, c.prenom FROM {table} x {_AUTHOR} {_OF}"
        for table in ("courrier", "information", "opposition")
    ),
    f"SELECT x.*, c.nom, c.prenom FROM emploi x {_AUTHOR} {_OF} ORDER BY x.starts_on",
    f"SELECT x.*, n.libelle, n.famille, n.sir, c.nom FROM exposition x {_AUTHOR}"
    f" LEFT JOIN nomenclature_exposition n ON n.code = x.code {_OF} ORDER BY x.starts_on",
    "SELECT code, libelle, famille, sir, facteur_l4161 FROM nomenclature_exposition ORDER BY famille, libelle",
    "SELECT x.*, t.libelle, c.nom, c.prenom, k.information_sealed, k.prochaine_visite_on FROM visite x"
    " JOIN type_visite t ON t.code = x.type_code"
    " JOIN compte c ON c.tenant_id = x.tenant_id AND c.id = x.professionnel_id"
    " LEFT JOIN conclusion k ON k.tenant_id = x.tenant_id AND k.visite_id = x.id"
    f" {_OF} ORDER BY x.started_at DESC",
    f"SELECT x.regime FROM regime x {_OF} ORDER BY x.effective_from DESC LIMIT 1",
)
_WORD = "SELECT travailleur_id FROM nom_token WHERE tenant_id = %(t)s AND token >= %(low{0})s AND token < %(high{0})s"
_SEARCH = """
    SELECT count(*) OVER (), t.id, t.nom_naissance, t.premier_prenom, t.nom_utilise, t.prenom_utilise, t.date_naissance, t.sexe,
           t.statut_ins, t.decede_on
    FROM (SELECT DISTINCT travailleur_id FROM ({}) w LIMIT 201) f
    JOIN travailleur t ON t.tenant_id = %(t)s AND t.id = f.travailleur_id
    ORDER BY t.nom_cle, t.id LIMIT 50
"""
_AROUND = (
    "SELECT x.*, e.nom, e.commune, e.naf FROM contrat x"
    " JOIN etablissement e ON e.tenant_id = x.tenant_id AND e.id = x.etablissement_id"
    " WHERE x.tenant_id = %(t)s AND x.travailleur_id = ANY (%(ids)s) AND x.ends_on IS NULL ORDER BY x.starts_on",
    "SELECT d.travailleur_id, d.id, EXISTS (SELECT FROM suivi s JOIN equipe_membre m ON m.tenant_id = s.tenant_id"
    " AND m.equipe_id = s.equipe_id WHERE s.tenant_id = %(t)s AND s.dossier_id = d.id AND m.compte_id = %(a)s)"
    " FROM dossier d WHERE d.tenant_id = %(t)s AND d.travailleur_id = ANY (%(ids)s)",
)
_HEADER = "SELECT dossier_id, section FROM entete WHERE tenant_id = %(t)s AND id = %(v)s"
_NOTE = """
    SELECT v.closed_at, n.id, n.texte_sealed, n.revision, n.operation_id, n.saved_at, n.traced_at, n.traced_session
    FROM visite v LEFT JOIN visite_note n ON n.tenant_id = v.tenant_id AND n.visite_id = v.id
      AND n.rubrique = 'entretien' AND n.auteur_id = %(a)s
    WHERE v.tenant_id = %(t)s AND v.id = %(v)s
"""
_WRITE = """
    UPDATE visite_note SET texte_sealed = %(x)s, revision = revision + 1, operation_id = %(o)s, saved_at = %(now)s
    WHERE tenant_id = %(t)s AND id = %(n)s AND revision = %(r)s
"""
_TRACE = """
    INSERT INTO trace (tenant_id, id, at, acteur_id, role, action, dossier_id, sections, decision, politique_version, regles,
                       details, session_hash, correlation_id, origin, empreinte, writer_id, writer_n, signature)
    VALUES (%(t)s, %(id)s, %(now)s, %(a)s, 'MDT', %(action)s, %(d)s, %(sections)s, 'permis', 'bench', %(regles)s, %(details)s,
            'bench', %(id)s, 'bench', %(hash)s, %(w)s, %(n)s, %(hash)s)
"""
_RESERVE = """
    INSERT INTO trace_reserve (tenant_id, trace_id, dossier_id, acteur_id, motif, sel)
    VALUES (%(t)s, %(id)s, %(d)s, %(a)s, 'suivi', %(salt)s)
"""
_RULES = ["P-01", "P-02", "P-03", "P-04"]


class Plancher:
    """One connection of the application's role. `traced`: how many rows of traces it has written."""

    def __init__(self, terrain: Terrain) -> None:
        self.terrain = terrain
        self.connection: Connection[tuple[object, ...]] = psycopg.connect(
            libpq(terrain.config.database_url), prepare_threshold=0
        )
        self._writer, self._traced = new_id(), 0

    def context(self) -> None:
        """Signed anew for each transaction, as the product does."""
        terrain = self.terrain
        signed = sign_context(terrain.config.context_key, terrain.tenant_id, terrain.medecin, datetime.now(UTC))
        self.connection.execute(_CONTEXT, [signed])

    def trace(self, action: str, dossier_id: UUID | None, sections: list[str]) -> None:
        self._traced += 1
        values = {
            "t": self.terrain.tenant_id,
            "a": self.terrain.medecin.id,
            "id": new_id(),
            "now": datetime.now(UTC),
            "action": action,
            "d": dossier_id,
            "sections": sections,
            "regles": _RULES,
            "details": Jsonb({}),
            "hash": os.urandom(32),
            "salt": os.urandom(16),
            "w": self._writer,
            "n": self._traced,
        }
        self.connection.execute(_TRACE, values)
        self.connection.execute(_RESERVE, values)

    def consult(self, dossier_id: UUID) -> None:
        values = {"t": self.terrain.tenant_id, "d": dossier_id, "a": self.terrain.medecin.id}
        with self.connection.transaction():
            self.context()
            for statement in _CONSULT:
                self.connection.execute(statement, values).fetchall()
            self.trace("dossier.open", dossier_id, ["S1", "S2", "S3", "S4", "S5", "S6", "S7"])

    def search(self, *words: str) -> None:
        """The three reads of the page, whatever the number of results."""
        values: dict[str, object] = {"t": self.terrain.tenant_id, "a": self.terrain.medecin.id}
        for rank, word in enumerate(map(letters, words)):
            values |= {f"low{rank}": word, f"high{rank}": word[:-1] + chr(ord(word[-1]) + 1)}
        found = " INTERSECT ".join(_WORD.format(rank) for rank in range(len(words)))
        with self.connection.transaction():
            self.context()
            self.connection.execute(_CONSULT[0], values).fetchall()
            rows = self.connection.execute(_SEARCH.format(found), values).fetchall()
            for statement in _AROUND:
                self.connection.execute(statement, {**values, "ids": [row[1] for row in rows]}).fetchall()
            self.trace("dossier.search", None, [])


def consult(terrain: Terrain) -> Act:
    floor = Plancher(terrain)
    return lambda n: floor.consult(terrain.dossiers[n % len(terrain.dossiers)])


def search(terrain: Terrain) -> Act:
    floor = Plancher(terrain)
    return lambda n: floor.search(*terrain.names[n % len(terrain.names)])


def search_common(terrain: Terrain) -> Act:
    floor = Plancher(terrain)
    return lambda n: floor.search(terrain.names[n % len(terrain.names)][0])


def save(terrain: Terrain) -> Act:
    """The reads and the update of a save inside an editing period, which leaves no trace of its own."""
    opened, floor = Visites(terrain, 1), Plancher(terrain)
    sealed = b"\x01" + os.urandom(28) + TEXTE.encode()

    def act(n: int) -> None:
        values: dict[str, object] = {"t": terrain.tenant_id, "a": terrain.medecin.id, "v": opened.of(n)}
        with floor.connection.transaction():
            floor.context()
            floor.connection.execute(_CONSULT[0], values).fetchall()
            header = floor.connection.execute(_HEADER, values).fetchone()
            assert header is not None
            floor.connection.execute(_TEAM, {**values, "d": header[0]}).fetchone()
            row = floor.connection.execute(_NOTE, values).fetchone()
            assert row is not None
            changed = {"x": sealed, "o": new_id(), "now": datetime.now(UTC), "n": row[1], "r": row[3]}
            floor.connection.execute(_WRITE, {**values, **changed})

    return act
