"""A worker and his dossier, from register to visits: every row, texts sealed under the dossier's own key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from spst.cli.peuplement import calendrier, textes
from spst.cli.peuplement.calendrier import Conducteur, Situation, TypeLegal, Types
from spst.cli.peuplement.chargement import Lot
from spst.cli.peuplement.entreprises import Entreprise
from spst.cli.peuplement.etablissement import Equipe, Spst
from spst.cli.peuplement.graine import Ids
from spst.cli.peuplement.metiers import Metier, regime_of
from spst.cli.peuplement.noms import NOMS, VOIES
from spst.cli.peuplement.personnes import EtatCivil
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS, add_months
from spst.kernel.crypto.keyring import Keyring

_NOTICE, _NOTICE_FROM = "2026-01", date(2022, 11, 17)
_MATRICULE_INDEX = "matricule_ins"


@dataclass(frozen=True, slots=True)
class Droit:
    """The law as the database holds it: types of visit, and for each exposure its label and whether it opens a SIR."""

    types: Types
    libelles: Mapping[str, str]
    sir: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Poste:
    """What somebody does, where, since when. `fin`: the day he left, None while he holds it."""

    metier: Metier
    entreprise: Entreprise
    debut: date
    fin: date | None = None
    en_plus: tuple[str, ...] = ()
    contrat: str = "CDI"

    @property
    def expositions(self) -> tuple[str, ...]:
        return self.metier.expositions + self.en_plus


@dataclass(slots=True)
class Dossier:
    """One worker under construction."""

    id: UUID
    travailleur_id: UUID
    civil: EtatCivil
    equipe: Equipe
    poste: Poste
    source: Random
    ids: Ids
    autres: tuple[Poste, ...] = ()
    """Posts held before, and a second employment held beside."""
    par_secteur: bool = False
    """A new hire whom no équipe was entrusted with: `equipe` is that of the sector where he works."""

    @property
    def opened_at(self) -> datetime:
        return datetime.combine(self.poste.debut, time(8), UTC)

    @property
    def expositions(self) -> tuple[str, ...]:
        """Those of today: of the post, and of a second employment."""
        beside = (code for poste in self.autres if poste.fin is None for code in poste.expositions)
        return tuple(dict.fromkeys((*self.poste.expositions, *beside)))


class Redacteur:
    """Writes the rows of dossiers of one SPST into a lot. Keys of the dossiers were made before."""

    def __init__(self, spst: Spst, droit: Droit, keyring: Keyring, today: date) -> None:
        self._spst = spst
        self._droit = droit
        self._keyring = keyring
        self._today = today

    def write(self, lot: Lot, dossier: Dossier, matricule: tuple[str, str] | None = None) -> None:
        self._register(lot, dossier)
        for poste in (dossier.poste, *dossier.autres):
            self._work(lot, dossier, poste)
        self._regime(lot, dossier)
        if matricule:
            self._matricule(lot, dossier, *matricule)
        if dossier.poste.fin is None:
            self._visites(lot, dossier)
        self._correspondents(lot, dossier)
        self._rights(lot, dossier)

    def situation(self, dossier: Dossier) -> Situation:
        """His regime of today, which is the one of all his employments together."""
        regime, _ = self._regime_on(dossier, dossier.expositions, self._today)
        return Situation(regime, dossier.expositions, dossier.civil.sexe, dossier.civil.naissance, dossier.poste.debut)

    def _regime_on(self, dossier: Dossier, expositions: tuple[str, ...], day: date) -> tuple[str, str]:
        is_minor = add_months(dossier.civil.naissance, 18 * 12) > day
        return regime_of(expositions, self._droit.sir, mineur=is_minor)

    # ──── Register

    def _register(self, lot: Lot, dossier: Dossier) -> None:
        civil, source = dossier.civil, dossier.source
        lot.add(
            "travailleur",
            id=dossier.travailleur_id,
            nom_naissance=civil.nom,
            prenoms=civil.prenoms,
            premier_prenom=civil.premier,
            nom_utilise=civil.nom_utilise,
            prenom_utilise=civil.prenom_utilise,
            date_naissance=civil.naissance,
            sexe=civil.sexe,
            lieu_naissance=civil.lieu,
            statut_ins=civil.statut,
            telephone=f"063998{source.randrange(10_000):04d}",
            email=f"{civil.premier.lower()}.{source.randrange(10_000)}@exemple.test" if source.random() < 0.7 else None,
            adresse=f"{source.randrange(1, 120)} {source.choice(VOIES)}, {dossier.poste.entreprise.commune}",
            nom_cle=civil.cle,
            created_at=dossier.opened_at,
            updated_at=dossier.opened_at,
        )
        for token in sorted(civil.tokens):
            lot.add("nom_token", token=token, travailleur_id=dossier.travailleur_id)
        lot.add(
            "dossier",
            id=dossier.id,
            travailleur_id=dossier.travailleur_id,
            created_at=dossier.opened_at,
            created_by=dossier.equipe.medecin_id,
        )
        suivi_id = dossier.ids()
        if not dossier.par_secteur:
            lot.add(
                "suivi", id=suivi_id, dossier_id=dossier.id, equipe_id=dossier.equipe.id, starts_on=dossier.poste.debut
            )

    def _matricule(self, lot: Lot, dossier: Dossier, matricule: str, oid: str) -> None:
        row_id = dossier.ids()
        lot.add(
            "matricule_ins",
            id=row_id,
            dossier_id=dossier.id,
            matricule_sealed=self._seal(dossier, "matricule_ins", "matricule_sealed", row_id, matricule),
            oid=oid,
            index_aveugle=self._keyring.blind_index(self._spst.tenant_id, _MATRICULE_INDEX, matricule),
        )

    # ──── Work and exposures (S2)

    def _work(self, lot: Lot, dossier: Dossier, poste: Poste) -> None:
        civil = dossier.civil
        titre = poste.metier.titre(civil.sexe)
        lot.add(
            "contrat",
            id=dossier.ids(),
            travailleur_id=dossier.travailleur_id,
            etablissement_id=poste.entreprise.etablissement_id,
            type=poste.contrat,
            poste=titre,
            pcs=poste.metier.pcs,
            starts_on=poste.debut,
            ends_on=poste.fin,
        )
        lot.add(
            "emploi",
            id=self._header(lot, dossier, "S2"),
            dossier_id=dossier.id,
            intitule=titre,
            employeur=poste.entreprise.nom,
            starts_on=poste.debut,
            ends_on=poste.fin,
            source="contrat",
            **self._by(dossier),
        )
        for code in poste.expositions:
            self._exposition(lot, dossier, poste, code)

    def _exposition(self, lot: Lot, dossier: Dossier, poste: Poste, code: str) -> None:
        row_id, told = self._header(lot, dossier, "S2"), textes.commentaire(poste.metier)
        sealed = None
        if dossier.source.random() < 0.3:
            sealed = self._seal(dossier, "exposition", "commentaire_sealed", row_id, told)
        lot.add(
            "exposition",
            id=row_id,
            dossier_id=dossier.id,
            code=code,
            starts_on=poste.debut,
            ends_on=poste.fin,
            source=dossier.source.choice(("declare", "etude_poste", "fiche_entreprise", "duerp")),
            commentaire_sealed=sealed,
            closed_at=_at(poste.fin, 17) if poste.fin else None,
            closed_by=dossier.equipe.medecin_id if poste.fin else None,
            **self._by(dossier),
        )

    def _regime(self, lot: Lot, dossier: Dossier) -> None:
        """The regime of the present post, and before it that of the post held then."""
        periods = sorted((dossier.poste, *dossier.autres), key=lambda poste: poste.debut)
        for poste in (one for one in periods if one.fin or one is dossier.poste):
            codes = poste.expositions if poste.fin else dossier.expositions
            regime, article = self._regime_on(dossier, codes, poste.fin or self._today)
            lot.add(
                "regime",
                id=dossier.ids(),
                dossier_id=dossier.id,
                regime=regime,
                effective_from=poste.debut,
                effective_to=poste.fin,
                article=article,
            )

    # ──── Visits (S3, S5)

    def _visites(self, lot: Lot, dossier: Dossier) -> None:
        situation = self.situation(dossier)
        held = calendrier.visits(dossier.source, self._droit.types, situation, self._today)
        for rang, (day, code) in enumerate(held, start=1):
            type_ = self._droit.types[code]
            who = calendrier.conductor(dossier.source, type_, dossier.equipe.conducteurs, day)
            if who is not None:
                start = _at(day, 8 + dossier.source.randrange(9), 15 * dossier.source.randrange(4))
                self.visite(lot, dossier, type_, who, start, rang)

    def visite(
        self,
        lot: Lot,
        dossier: Dossier,
        type_: TypeLegal,
        who: Conducteur,
        start: datetime,
        rang: int = 1,
        *,
        rendez_vous_id: UUID | None = None,
        is_open: bool = False,
    ) -> None:
        """A visit with its notes, and its conclusion unless it is under way."""
        visite_id = self._header(lot, dossier, "S3")
        lot.add(
            "visite",
            id=visite_id,
            dossier_id=dossier.id,
            type_code=type_.code,
            professionnel_id=who.compte_id,
            rendez_vous_id=rendez_vous_id,
            started_at=start,
            closed_at=None if is_open else start + timedelta(minutes=20 + dossier.source.randrange(9)),
            rang=rang,
        )
        self._note(lot, dossier, visite_id, who, "entretien", start)
        if type_.code.startswith(("EMA", "REPR")):
            self._note(lot, dossier, visite_id, who, "examen", start)
        if not is_open:
            self._conclude(lot, dossier, visite_id, who, start, type_)

    def _note(
        self, lot: Lot, dossier: Dossier, visite_id: UUID, who: Conducteur, rubrique: str, start: datetime
    ) -> None:
        row_id, saved = dossier.ids(), start + timedelta(minutes=9)
        written = (
            textes.examen(dossier.source)
            if rubrique == "examen"
            else textes.entretien(dossier.source, dossier.poste.metier)
        )
        lot.add(
            "visite_note",
            id=row_id,
            dossier_id=dossier.id,
            visite_id=visite_id,
            rubrique=rubrique,
            auteur_id=who.compte_id,
            texte_sealed=self._seal(dossier, "visite_note", "texte_sealed", row_id, written),
            revision=1,
            operation_id=dossier.ids(),
            saved_at=saved,
            traced_at=saved,
        )

    def _conclude(
        self, lot: Lot, dossier: Dossier, visite_id: UUID, who: Conducteur, start: datetime, type_: TypeLegal
    ) -> None:
        row_id, source = self._header(lot, dossier, "S5"), dossier.source
        risques = [self._droit.libelles[code] for code in dossier.poste.expositions]
        told = textes.information(source, dossier.poste.metier, dossier.civil.sexe, risques)
        oriented = source.random() < 0.04
        months = type_.interval_max_mois
        lot.add(
            "conclusion",
            id=row_id,
            dossier_id=dossier.id,
            visite_id=visite_id,
            information_sealed=self._seal(dossier, "conclusion", "information_sealed", row_id, told),
            orientation_medecin=oriented and who.role is Role.INF,
            prochaine_visite_on=add_months(start.date(), months) if months else None,
            created_at=start + timedelta(minutes=20),
            created_by=who.compte_id,
        )

    # ──── Médecin traitant, letters, rights (S1, S4, S6, S7)

    def _correspondents(self, lot: Lot, dossier: Dossier) -> None:
        source, doctor = dossier.source, f"Dr {dossier.source.choice(NOMS).title()}"
        if source.random() < 0.6:
            row_id, contact = (
                self._header(lot, dossier, "S1"),
                f"04 99 00 {source.randrange(100):02d} {source.randrange(100):02d}",
            )
            lot.add(
                "medecin_traitant",
                id=row_id,
                dossier_id=dossier.id,
                nom_sealed=self._seal(dossier, "medecin_traitant", "nom_sealed", row_id, doctor),
                contact_sealed=self._seal(dossier, "medecin_traitant", "contact_sealed", row_id, contact),
                **self._by(dossier),
            )
        if source.random() < 0.12:
            self._courrier(lot, dossier, doctor)

    def _courrier(self, lot: Lot, dossier: Dossier, correspondant: str) -> None:
        row_id = self._header(lot, dossier, "S4")
        objet, texte = textes.courrier(dossier.source)
        day = self._since(dossier, 900)
        lot.add(
            "courrier",
            id=row_id,
            dossier_id=dossier.id,
            sens=dossier.source.choice(("recu", "envoye")),
            date_courrier=day,
            correspondant_sealed=self._seal(dossier, "courrier", "correspondant_sealed", row_id, correspondant),
            objet_sealed=self._seal(dossier, "courrier", "objet_sealed", row_id, objet),
            texte_sealed=self._seal(dossier, "courrier", "texte_sealed", row_id, texte),
            **self._by(dossier, day),
        )

    def _rights(self, lot: Lot, dossier: Dossier) -> None:
        source = dossier.source
        if source.random() < 0.85:
            day = max(dossier.poste.debut, _NOTICE_FROM)
            lot.add(
                "information",
                id=self._header(lot, dossier, "S6"),
                dossier_id=dossier.id,
                notice_version=_NOTICE,
                canal=source.choice(("remise", "remise", "courrier")),
                given_on=day,
                **self._by(dossier, day),
            )
        if source.random() < 0.02:
            declared = _at(self._since(dossier, 400), 10)
            lot.add(
                "opposition",
                id=self._header(lot, dossier, "S7"),
                dossier_id=dossier.id,
                portee=source.choice(("mpc", "professionnels", "transfert")),
                declared_at=declared,
                withdrawn_at=declared + timedelta(hours=5) if source.random() < 0.25 else None,
                created_by=dossier.equipe.medecin_id,
            )

    # ──── Common

    def _header(self, lot: Lot, dossier: Dossier, section: str) -> UUID:
        row_id = dossier.ids()
        lot.add("entete", id=row_id, dossier_id=dossier.id, section=section)
        return row_id

    def _by(self, dossier: Dossier, day: date | None = None) -> dict[str, object]:
        return {"created_at": _at(day or dossier.poste.debut, 9), "created_by": dossier.equipe.medecin_id}

    def _since(self, dossier: Dossier, days: int) -> date:
        """A day of the last `days` of the follow-up."""
        return max(dossier.poste.debut, self._today - timedelta(days=1 + dossier.source.randrange(days)))

    def _seal(self, dossier: Dossier, table: str, column: str, row_id: UUID, text: str) -> bytes:
        return self._keyring.seal(self._spst.tenant_id, dossier.id, table, column, row_id, text)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant of an office day, in UTC."""
    return datetime.combine(day, time(hour, minute), PARIS).astimezone(UTC)
