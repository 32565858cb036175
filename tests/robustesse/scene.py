"""What the tests act upon: visits, rows of a dossier, accounts and log-ins under way, each in the state that an act needs."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from spst.comptes import local_queries, local_rules
from spst.comptes import services_comptes as comptes
from spst.comptes.models import Compte, EquipeMembre, Habilitation
from spst.comptes.models_connexion import SessionOuverte
from spst.comptes.octroi_rules import DemandeCompte, DemandeRole
from spst.comptes.preuves import Connexion, Moyen
from spst.dmst import services as dmst
from spst.entreprises import services as entreprises
from spst.expositions import services as expositions
from spst.identite import services as identite
from spst.identite.rules import IdentitePivot
from spst.kernel.acteur import Acteur, Role
from spst.kernel.ids import new_id
from spst.portail import courriels
from spst.portail.courriel_queries import abonnement_of
from spst.portail.services import Attente
from spst.visites import services as visites
from spst.visites.models import RendezVous
from spst.visites.rules import Conclusion
from spst.web.cookies import hash_of, new_cookie_value
from tests.factories.monde import LONG_AGO, Monde, Personne, Spst
from tests.factories.site import Site
from tests.robustesse.poste import Poste

_OF_VISITS = ("addendum", "conclusion", "visite_note", "visite", "rendez_vous")


@dataclass(slots=True)
class Scene:
    site: Site

    @property
    def monde(self) -> Monde:
        return self.site.monde

    @property
    def a(self) -> Spst:
        return self.site.monde.a

    # ──── Browsers

    def poste(self, acteur: Acteur, spst: Spst | None = None) -> Poste:
        page = f"/p/{(spst or self.a).slug}/accueil" if acteur.role is Role.SAL else None
        return Poste(self.site, self.site.at_work(acteur, spst), page)

    def of(self, role: Role) -> Poste:
        return self.poste(self.a.zoe.acteur if role is Role.SAL else self.a[role])

    def nobody(self, espace: str = "pro", page: str | None = None, **data: Any) -> Poste:
        """A browser whose log-in is under way, with what the server keeps of it."""
        value, now = new_cookie_value(), self.site.clock.now()
        expires_at = now + timedelta(minutes=20)
        self.site.add_session(id_hash=hash_of(value), espace=espace, facteurs=0, data=data, expires_at=expires_at)
        client = self.site.client()
        client.set_cookie(f"spst-{espace}-8000", value, domain="127.0.0.1")
        return Poste(self.site, client, page)

    def awaited(self) -> Poste:
        """Somebody whom FranceConnect+ proved, and who has still to type the code of his SPST."""
        pivot = IdentitePivot("ADRUN", "Zoe", "1975-12-31", "female", "63220", "99100")
        attente = Attente(self.a.slug, "https://fc.test", uuid4().hex, self.site.clock.now(), pivot, "jeton")
        data = attente.to_data(self.monde.runtime)
        return self.nobody("portail", f"/p/{self.a.slug}/activation", portail_attente=data)

    # ──── E-mails of the worker

    def asker(self, *, waits: bool = False) -> Poste:
        """Zoé, who asked for nothing today, or whose address waits for its code."""
        zoe = self.a.zoe
        with self.monde.superuser.begin() as connection:
            connection.execute(text("DELETE FROM abonnement_courriel"))
            connection.execute(text("DELETE FROM compteur"))
        if waits:
            with self.monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
                courriels.ask(ctx, zoe.dossier_id, "zoe.adrun@example.test")
        return self.of(Role.SAL)

    def awaited_code(self) -> str:
        zoe = self.a.zoe
        with self.monde.work(zoe.acteur, dossier_id=zoe.dossier_id) as ctx:
            abonnement = abonnement_of(ctx, zoe.dossier_id)
            assert abonnement is not None
            return courriels.code_of(ctx, abonnement) or ""

    # ──── Visits

    def forget_visits(self) -> None:
        with self.monde.superuser.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for table in _OF_VISITS:
                connection.execute(text(f"DELETE FROM {table}"))
            connection.execute(text("DELETE FROM entete WHERE section IN ('S3', 'S5')"))

    def visite(self, acteur: Acteur | None = None, spst: Spst | None = None, personne: Personne | None = None) -> UUID:
        """A visit of the médecin under way, ready to be closed."""
        spst = spst or self.a
        acteur = acteur or spst.medecin
        with self.monde.work(acteur, spst) as ctx:
            visite_id = visites.start_visite(ctx, (personne or spst.zoe).dossier_id, "DEM_MDT")
        with self.monde.work(acteur, spst) as ctx:
            visites.save_note(ctx, visite_id, "information", "Portez vos bouchons moulés.", 0, uuid4())
        return visite_id

    def closed(self, spst: Spst | None = None) -> UUID:
        spst = spst or self.a
        visite_id = self.visite(spst=spst)
        with self.monde.work(spst.medecin, spst) as ctx:
            visites.close_visite(ctx, visite_id, Conclusion())
        return visite_id

    def rendez_vous(self, spst: Spst | None = None) -> UUID:
        spst, now = spst or self.a, datetime.now(UTC)
        row = RendezVous(
            tenant_id=spst.tenant_id, id=new_id(), travailleur_id=spst.zoe.travailleur_id, compte_id=spst.medecin.id,
            centre_id=spst.centre_id, starts_at=now, duree_min=30, libelle="Visite périodique", statut="convoque",
            updated_at=now,
        )  # fmt: skip
        self.monde.add(row)
        return row.id

    # ──── Rows of a dossier

    def exposition(self, spst: Spst | None = None) -> UUID:
        spst = spst or self.a
        with self.monde.work(spst.medecin, spst) as ctx:
            return expositions.add_exposition(
                ctx, spst.zoe.dossier_id, code="BRUIT", starts_on=LONG_AGO.date(), ends_on=None, source="declare"
            )

    def opposition(self, spst: Spst | None = None) -> UUID:
        spst = spst or self.a
        self.lift_oppositions()
        with self.monde.work(spst.medecin, spst) as ctx:
            return dmst.record_opposition(ctx, spst.zoe.dossier_id, portee="transfert")

    def lift_oppositions(self) -> None:
        with self.monde.superuser.begin() as connection:
            connection.execute(text("UPDATE opposition SET withdrawn_at = now() WHERE withdrawn_at IS NULL"))

    # ──── Register

    def enregistre(self, spst: Spst | None = None) -> UUID:
        """Somebody of the register who has no dossier."""
        spst = spst or self.a
        with self.monde.work(spst[Role.ADM], spst) as ctx:
            return identite.create_travailleur(
                ctx, nom_naissance="Sans Dossier", prenoms="Anne", date_naissance=date(1990, 1, 2), sexe="F"
            )

    def contrat(self, spst: Spst | None = None) -> UUID:
        """An employment of Zoé that goes on."""
        spst = spst or self.a
        with self.monde.work(spst[Role.ADM], spst) as ctx:
            return entreprises.create_contrat(
                ctx,
                spst.zoe.travailleur_id,
                spst.etablissement_id,
                type="CDD",
                poste="Cariste",
                starts_on=LONG_AGO.date(),
            )

    # ──── Accounts

    def compte(self, spst: Spst | None = None, *, rpps: str | None = None) -> UUID:
        """An account without role, by e-mail address unless told otherwise."""
        row = Compte(
            tenant_id=(spst or self.a).tenant_id, id=new_id(), civilite="Mme", nom="Prigent", prenom="Anne", rpps=rpps,
            email=f"{uuid4().hex}@essai.test", created_at=LONG_AGO,
        )  # fmt: skip
        self.monde.add(row)
        return row.id

    def acteur(self, compte_id: UUID, role: Role) -> Acteur:
        return Acteur(compte_id, role, "s-essai", 2)

    def habilitation(self, spst: Spst | None = None) -> UUID:
        spst = spst or self.a
        row = Habilitation(
            tenant_id=spst.tenant_id, id=new_id(), compte_id=self.compte(spst), role=str(Role.ADM),
            starts_at=LONG_AGO, granted_by=spst.directrice.id, granted_at=LONG_AGO,
        )  # fmt: skip
        self.monde.add(row)
        return row.id

    def habilitation_retiree(self) -> UUID:
        habilitation_id = self.habilitation()
        with self.monde.superuser.begin() as connection:
            connection.execute(
                text("UPDATE habilitation SET revoked_at = now(), revoked_by = granted_by WHERE id = :id"),
                {"id": habilitation_id},
            )
        return habilitation_id

    def membre(self, spst: Spst | None = None) -> UUID:
        spst = spst or self.a
        row = EquipeMembre(
            tenant_id=spst.tenant_id, id=new_id(), compte_id=self.compte(spst), equipe_id=spst.equipe_id,
            starts_at=LONG_AGO,
        )  # fmt: skip
        self.monde.add(row)
        return row.id

    def local(self, *roles: Role) -> tuple[UUID, UUID, str]:
        """Somebody of the second path: account, electronic identity, code of enrolment."""
        email = f"{uuid4().hex}@essai.test"
        with self.monde.work(self.a.directrice) as ctx:
            made = comptes.create_compte(ctx, DemandeCompte("Mme", "Anne", "Prigent", email=email), "https://psc.test")
        for role in roles:
            with self.monde.work(self.a.directrice) as ctx:
                comptes.grant_habilitation(ctx, made.compte_id, DemandeRole(role, ctx.clock.now()))
        assert made.inscription
        query = text("SELECT identite_id FROM rattachement WHERE compte_id = :compte")
        with self.monde.superuser.connect() as connection:
            identite_id = connection.execute(query, {"compte": made.compte_id}).scalar_one()
        return made.compte_id, identite_id, made.inscription.code

    def enrolling(self, *, with_password: bool = False) -> Poste:
        _, identite_id, code = self.local()
        if with_password:
            with self.monde.superuser.begin() as connection:
                local_queries.change(connection, self.monde.runtime, identite_id, mot_de_passe="choisi")
        return self.nobody(inscription=local_rules.code_hash(code))

    def between_factors(self) -> Poste:
        _, identite_id, _ = self.local(Role.DPO)
        now = self.site.clock.now().isoformat()
        return self.nobody(locale={"identites": [str(identite_id)], "at": now, "suite": "/"})

    def choosing(self) -> Poste:
        _, identite_id, _ = self.local(Role.DPO)
        connexion = Connexion(identite_id, Moyen.LOCAL, self.site.clock.now())
        return self.nobody(connexion=connexion.to_data(), suite="/")

    def session_of(self, acteur: Acteur) -> str:
        """The hash of a session that this account has just opened."""
        self.site.at_work(acteur)
        with Session(self.monde.superuser) as session:
            query = select(SessionOuverte.id_hash).where(SessionOuverte.acteur_id == acteur.id)
            return session.scalars(query.order_by(SessionOuverte.created_at.desc()).limit(1)).one()
