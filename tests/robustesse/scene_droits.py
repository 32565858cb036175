"""What the tests of rights act upon: drafts of the policy in each state, what is given in writing, a review, a demand."""

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from spst.comptes import demandes, departs, moyens, nominatives, revues
from spst.comptes.moyens import DemandeMoyen
from spst.comptes.octroi_rules import DemandeRole
from spst.habilitations import exceptionnel, protocoles, publication
from spst.habilitations.choix import Niveau
from spst.habilitations.exceptionnel import Raison
from spst.habilitations.protocoles import Genre, Periode
from spst.habilitations.publication import Avis, AvisCmt
from spst.journal import alertes, reidentification, signalements
from spst.journal import services as journal
from spst.journal.alerte_rules import Code, Signal
from spst.journal.instructions import Issue
from spst.journal.models import Alerte
from spst.kernel.acteur import Acteur, Role
from spst.kernel.clock import SystemClock, today
from spst.kernel.context import Context
from spst.kernel.ids import new_id
from tests.factories.monde import Spst, colleague
from tests.factories.politiques import closing, publish, seen
from tests.factories.releves import run
from tests.robustesse.poste import Poste
from tests.robustesse.scene import Scene

_OF_POLICIES = ("acces_exceptionnel_motif", "acces_exceptionnel", "politique_brouillon", "politique_version")


VU = datetime(2026, 11, 24, 10, tzinfo=UTC)
"""When an alerte was last strengthened: what its form says to have read."""


class Droits:
    """Around a scene. `adjointe`: the second person of the direction, `confrere`: another médecin."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.monde, self.a = scene, scene.monde, scene.a

    def work(self, acteur: Acteur, spst: Spst | None = None) -> AbstractContextManager[Context]:
        return self.monde.work(acteur, spst)

    def colleague(self, role: Role) -> Poste:
        return self.scene.poste(colleague(self.monde, self.a, role))

    # ──── The policy

    def forget(self) -> None:
        for table in _OF_POLICIES:
            run(self.monde, f"DELETE FROM {table}")

    def draft(self, *, changed: bool = True, proposed: bool = False) -> Poste:
        """A draft, with its opinion; the browser of whoever may act next on it."""
        self.forget()
        with self.work(self.a.directrice) as ctx:
            publication.start(ctx)
            if changed:
                publication.set_niveau(ctx, Role.INF, "S4", Niveau.LIRE)
                publication.note_avis(ctx, Avis(AvisCmt.FAVORABLE, date(2026, 9, 1)))
            if proposed:
                publication.propose(ctx, seen(ctx), "Essai")
        return self.scene.of(Role.DIR)

    def revision(self) -> str:
        with self.work(self.a.directrice) as ctx:
            found = publication.brouillon(ctx)
        assert found is not None
        return str(found.revision)

    def close_journal(self) -> None:
        """The policy in force closes S8 to médecins: there is something to get past."""
        self.forget()
        publish(self.monde, closing(Role.MDT, "S8"))

    def exceptionnel(self, spst: Spst | None = None) -> UUID:
        """One that waits for another médecin."""
        self.close_journal()
        with self.work(self.a.medecin) as ctx:
            return exceptionnel.start(ctx, self.a.zoe.dossier_id, Raison.URGENCE, "Essai")

    def only_signalement(self, *, closed: bool = False) -> UUID:
        """The same; earlier ones are forgotten, since nobody reports more than some at once."""
        self.forget_signalements()
        return self.signalement(closed=closed)

    def signalement(self, spst: Spst | None = None, *, closed: bool = False) -> UUID:
        """What Zoé reported, which the DPO has still to examine unless `closed`."""
        spst = spst or self.a
        with self.monde.work(spst.zoe.acteur, spst, dossier_id=spst.zoe.dossier_id) as ctx:
            cas_id = signalements.make(ctx, spst.zoe.dossier_id, None, signalements.Raison.AUTRE, "Essai")
        if closed:
            with self.work(spst[Role.DPO], spst) as ctx:
                signalements.close(ctx, cas_id, Issue.SANS_OBJET, "Essai")
        return cas_id

    def alerte(self, spst: Spst | None = None, *, closed: bool = False) -> UUID:
        """What rules found in a day of the médecin, which the DPO has still to examine unless `closed`."""
        spst, alerte_id = spst or self.a, new_id()
        signal = Signal(Code.REFUS, 50, 6).to_json()
        self.monde.add(
            Alerte(
                tenant_id=spst.tenant_id, id=alerte_id, compte_id=spst.medecin.id, jour=VU.date(), rang=self._rang(spst),
                score=50, signaux=[signal], at=VU, updated_at=VU, examined_at=VU,
            )
        )  # fmt: skip
        if closed:
            with self.work(spst[Role.DPO], spst) as ctx:
                alertes.close(ctx, alerte_id, Issue.SANS_OBJET, "Essai", VU.isoformat())
        return alerte_id

    def _rang(self, spst: Spst) -> int:
        with self.monde.superuser.connect() as connection:
            query = text("SELECT count(*) FROM alerte WHERE tenant_id = :tenant")
            return int(connection.execute(query, {"tenant": spst.tenant_id}).scalar_one())

    def forget_signalements(self) -> None:
        for table in ("instruction", "signalement"):
            run(self.monde, f"ALTER TABLE {table} DISABLE TRIGGER USER")
            run(self.monde, f"DELETE FROM {table}")
            run(self.monde, f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def reidentification(self, spst: Spst | None = None, *, agreed: bool = False) -> UUID:
        """Asked by the direction about Zoé, once whatever was asked before is gone."""
        spst = spst or self.a
        with self.monde.superuser.begin() as connection:
            for table in ("reidentification_identite", "reidentification"):
                connection.exec_driver_sql(f"DELETE FROM {table} WHERE tenant_id = '{spst.tenant_id}'")
        with self.work(spst.directrice, spst) as ctx:
            reference = journal.reference_of(ctx, spst.zoe.dossier_id)
            demande_id = reidentification.ask(ctx, reference, reidentification.Raison.CONTROLE, "Essai du soir")
        if agreed:
            with self.work(spst.medecin, spst) as ctx:
                reidentification.decide(ctx, demande_id, accord=True)
        return demande_id

    def reference(self) -> str:
        with self.work(self.a.directrice) as ctx:
            return journal.reference_of(ctx, self.a.zoe.dossier_id)

    # ──── What is given in writing

    def ecrit(self, genre: Genre, spst: Spst | None = None) -> UUID:
        spst = spst or self.a
        first = today(SystemClock())
        periode = Periode(first, first + timedelta(days=30))
        with self.work(spst.medecin, spst) as ctx:
            if genre is Genre.DELEGATION:
                return protocoles.give_delegation(ctx, spst[Role.ASST].id, ["S1"], periode, reference="Essai")
            if genre is Genre.PROTOCOLE:
                return protocoles.sign_protocole(ctx, spst[Role.COLL].id, periode, reference="Essai")
            return protocoles.set_remplacant(ctx, spst.medecin.id, spst.medecin_ailleurs.id, periode)

    # ──── Accounts

    def demande(self, spst: Spst | None = None) -> UUID:
        """A role of health that waits for a second person."""
        spst = spst or self.a
        compte_id = self.scene.compte(spst, rpps=f"8{new_id().int % 10**10:010d}")
        with self.work(spst.directrice, spst) as ctx:
            return demandes.ask(ctx, compte_id, DemandeRole(Role.INF, ctx.clock.now()))

    def nominative(self, spst: Spst | None = None, *, revoked: bool = False) -> UUID:
        spst = spst or self.a
        desk = colleague(self.monde, spst, Role.ADM)
        with self.work(spst.directrice, spst) as ctx:
            nominatives.grant(ctx, desk.id, "enregistrement")
            (held,) = nominatives.nominatives(ctx, desk.id)
            if revoked:
                nominatives.revoke_nominative(ctx, held.id)
        return held.id

    def leaving(self) -> UUID:
        compte_id = self.scene.compte()
        with self.work(self.a.directrice) as ctx:
            departs.plan(ctx, compte_id, datetime(2099, 1, 1, tzinfo=UTC))
        return compte_id

    def moyen(self, spst: Spst | None = None) -> UUID:
        spst = spst or self.a
        asked = DemandeMoyen("cps", new_id().hex, None, "Accueil", spst.directrice.id)
        with self.work(spst.directrice, spst) as ctx:
            return moyens.add(ctx, asked)

    def forget_revues(self) -> None:
        run(self.monde, "ALTER TABLE revue_ligne DISABLE TRIGGER USER")
        run(self.monde, "ALTER TABLE revue DISABLE TRIGGER USER")
        run(self.monde, "DELETE FROM revue_ligne")
        run(self.monde, "DELETE FROM revue")
        run(self.monde, "ALTER TABLE revue_ligne ENABLE TRIGGER USER")
        run(self.monde, "ALTER TABLE revue ENABLE TRIGGER USER")

    def revue(self, spst: Spst | None = None) -> tuple[UUID, UUID]:
        """A review and one line of it, of somebody else than the direction."""
        spst = spst or self.a
        self.forget_revues()
        with self.work(spst.directrice, spst) as ctx:
            revue_id = revues.open_revue(ctx)
            _, lines, _ = revues.get_revue(ctx, revue_id)
        return revue_id, next(one.id for one in lines if one.compte_id == spst.medecin.id)
