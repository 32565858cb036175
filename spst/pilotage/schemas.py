"""What the direction types, brought to the types of the services."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import EXCLUDE, ValidationError, fields, validate, validates_schema
from werkzeug.datastructures import MultiDict

from spst.comptes.moyens import NATURES, DemandeMoyen
from spst.comptes.nominatives import CODES
from spst.comptes.octroi_rules import BY_EVIDENCE, CIVILITES, GRANTABLE, DemandeCompte, DemandeRole
from spst.comptes.revue_rules import GARDER, INTERVALLES, INUSAGES, RETIRER
from spst.habilitations.actions import SECTIONS
from spst.habilitations.choix import INACTIVITES_MIN, ROLES, Niveau
from spst.habilitations.publication import Avis, AvisCmt
from spst.journal import rules as journal
from spst.journal.genres import CHOIX
from spst.journal.instructions import Issue
from spst.journal.reidentification import Raison
from spst.journal.rules import Filtres
from spst.kernel.acteur import Role
from spst.kernel.clock import PARIS, midnight
from spst.web.fields import DateFr, Form, French, Ligne

DATES = "dates"
PERIODES = {"7": "7 derniers jours", "30": "30 derniers jours", "90": "90 derniers jours", DATES: "Choisir les dates"}
ON_DOSSIER = "dossier"
_CHOOSE = "Choisissez dans la liste."


class RechercheForm(Form):
    q = Ligne(load_default="", maximum=100)


class NomForm(Form):
    civilite = fields.String(
        required=True, validate=validate.OneOf(CIVILITES, error=_CHOOSE), error_messages={"required": _CHOOSE}
    )
    prenom = Ligne(required=True, maximum=100)
    nom = Ligne(required=True, maximum=100)


class CompteForm(NomForm):
    rpps = Ligne(load_default="", maximum=20)
    email = Ligne(load_default="", maximum=254)


def demande_compte(values: dict[str, Any]) -> DemandeCompte:
    return DemandeCompte(
        values["civilite"], values["prenom"], values["nom"], values["rpps"] or None, values["email"] or None
    )


class RoleForm(Form):
    role = fields.Enum(Role, by_value=True, required=True, error_messages={"required": _CHOOSE, "unknown": _CHOOSE})
    debut = DateFr(load_default=None, allow_none=True)
    fin = DateFr(load_default=None, allow_none=True)
    hors_structure = fields.String(load_default="")
    attestation = Ligne(load_default="", maximum=500)


def demande_role(values: dict[str, Any], now: datetime) -> DemandeRole:
    """Days of the SPST become instants: from the first hour of the first day to the last of the last one."""
    debut: date | None = values["debut"]
    starts_at = now if debut is None or debut == now.astimezone(PARIS).date() else midnight(debut)
    fin: date | None = values["fin"]
    return DemandeRole(
        role=values["role"],
        starts_at=starts_at,
        ends_at=midnight(fin + timedelta(days=1)) if fin else None,
        hors_structure=bool(values["hors_structure"]),
        attestation=values["attestation"] or None,
    )


class ClotureForm(Form):
    issue = fields.Enum(Issue, by_value=True, required=True, error_messages={"required": _CHOOSE, "unknown": _CHOOSE})


class ReponseForm(ClotureForm):
    reponse = Ligne(required=True, maximum=1000)


class MotifForm(ClotureForm):
    motif = Ligne(required=True, maximum=1000)
    vu = fields.String(required=True)


class SecteurForm(Form):
    nom = Ligne(required=True, maximum=100)


class CentreForm(SecteurForm):
    commune = Ligne(required=True, maximum=100)
    structure = fields.UUID(required=True, error_messages={"required": _CHOOSE, "invalid_uuid": _CHOOSE})


class NouvelleEquipeForm(SecteurForm):
    secteur = fields.UUID(required=True, error_messages={"required": _CHOOSE, "invalid_uuid": _CHOOSE})
    centre = fields.UUID(required=True, error_messages={"required": _CHOOSE, "invalid_uuid": _CHOOSE})


class SuspensionForm(Form):
    motif = Ligne(required=True, maximum=200)


class NominativeForm(Form):
    code = fields.String(
        required=True, validate=validate.OneOf(tuple(CODES), error=_CHOOSE), error_messages={"required": _CHOOSE}
    )


class MoyenForm(Form):
    nature = fields.String(
        required=True, validate=validate.OneOf(tuple(NATURES), error=_CHOOSE), error_messages={"required": _CHOOSE}
    )
    reference = Ligne(required=True, maximum=120)
    porteur = fields.UUID(load_default=None, allow_none=True, error_messages={"invalid_uuid": _CHOOSE})
    service = Ligne(load_default="", maximum=120)
    responsable = fields.UUID(required=True, error_messages={"required": _CHOOSE, "invalid_uuid": _CHOOSE})
    echeance = DateFr(load_default=None, allow_none=True)


def moyen(posted: "MultiDict[str, str]") -> DemandeMoyen:
    """An empty holder is one of the service. Raises: ValidationError."""
    values = MoyenForm().read(
        MultiDict([(name, value) for name, value in posted.items() if value or name != "porteur"])
    )
    return DemandeMoyen(
        values["nature"],
        values["reference"],
        values["porteur"],
        values["service"] or None,
        values["responsable"],
        values["echeance"],
    )


class RetraitMoyenForm(Form):
    pourquoi = Ligne(required=True, maximum=200)


class DepartForm(Form):
    dernier_jour = DateFr(required=True)


def depart(values: dict[str, Any]) -> datetime:
    """The last day is a day of work: rights end with it."""
    return midnight(values["dernier_jour"] + timedelta(days=1))


class ReglagesComptesForm(Form):
    revue_mois = fields.Integer(
        required=True,
        validate=validate.OneOf(INTERVALLES, error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )
    inusage_jours = fields.Integer(
        required=True,
        validate=validate.OneOf(INUSAGES, error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )


class DecisionForm(Form):
    decision = fields.String(
        required=True,
        validate=validate.OneOf((GARDER, RETIRER), error="Choisissez Garder ou Retirer."),
        error_messages={"required": "Choisissez Garder ou Retirer."},
    )
    commentaire = Ligne(load_default="", maximum=300)


class EquipeForm(Form):
    equipe = fields.UUID(required=True, error_messages={"required": _CHOOSE, "invalid_uuid": _CHOOSE})


class ReglagesForm(Form):
    inactivite = fields.Integer(
        required=True,
        validate=validate.OneOf(INACTIVITES_MIN, error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )
    motif_MDT = motif_COLL = motif_INT = motif_INF = motif_IPA = motif_MPC = motif_IPRP = motif_ASST = fields.String(
        load_default=""
    )


class AvisForm(Form):
    """`revision`: of the draft that the page showed."""

    revision = fields.Integer(required=True)
    avis = fields.Enum(AvisCmt, by_value=True, required=True, error_messages={"required": _CHOOSE, "unknown": _CHOOSE})
    rendu_le = DateFr(required=True)
    precision = Ligne(load_default="", maximum=500)
    motif = Ligne(load_default="", maximum=500)

    @validates_schema
    def _says_why(self, values: dict[str, Any], **_kwargs: Any) -> None:
        """Whoever confirms, and whoever reads the version for ever, knows what the commission had against it."""
        if values.get("avis") in {AvisCmt.RESERVE, AvisCmt.DEFAVORABLE} and not values.get("precision"):
            raise ValidationError("Dites ce que la commission a réservé, ou refusé.", "precision")


class PropositionForm(AvisForm):
    motif = Ligne(required=True, maximum=500)


def avis(values: dict[str, Any]) -> Avis:
    return Avis(values["avis"], values["rendu_le"], values["precision"] or None)


class QuestionForm(Form):
    compte = fields.UUID(required=True, error_messages={"required": _CHOOSE, "invalid_uuid": _CHOOSE})
    volet = fields.String(
        required=True, validate=validate.OneOf(SECTIONS, error=_CHOOSE), error_messages={"required": _CHOOSE}
    )
    brouillon = fields.String(load_default="")


class RenvoiForm(Form):
    pourquoi = Ligne(required=True, maximum=500)


class ConfirmationForm(Form):
    revision = fields.Integer(required=True)


class CelluleForm(Form):
    case = Ligne(required=True, maximum=40)


def cellule(posted: "MultiDict[str, str]") -> tuple[str, str, str]:
    """Role, section and level of the button that was pressed. Raises: ValidationError."""
    parts = CelluleForm().read(posted)["case"].split(":")
    if len(parts) != 3 or parts[0] not in set(ROLES) or parts[1] not in SECTIONS or parts[2] not in set(Niveau):
        raise ValidationError(_CHOOSE, "case")
    return parts[0], parts[1], parts[2]


def versions_asked(args: Mapping[str, str], known: Sequence[int]) -> tuple[int, int]:
    """The two versions of a comparison; by default the last two. What is not one is left aside."""
    latest = known[0]
    before = known[1] if len(known) > 1 else latest
    asked = [args.get(name, "") for name in ("avant", "apres")]
    found = [int(one) if one.isdecimal() and int(one) in known else None for one in asked]
    return (before if found[0] is None else found[0], latest if found[1] is None else found[1])


class ReidentificationForm(Form):
    dossier = Ligne(required=True, maximum=20)
    raison = fields.Enum(Raison, by_value=True, required=True, error_messages={"required": _CHOOSE, "unknown": _CHOOSE})
    texte = Ligne(
        required=True,
        maximum=300,
        validate=validate.Length(min=10, error="Dites pourquoi en quelques mots\u00a0: un médecin vous lira."),
    )


def reidentification(posted: "MultiDict[str, str]") -> tuple[str, Raison, str]:
    """Reference, reason and sentence. Raises: ValidationError."""
    values = ReidentificationForm().read(posted)
    reference = journal.normalise_reference(values["dossier"])
    if reference is None:
        raise ValidationError({"dossier": ["Une référence de dossier s’écrit D-7F2K-901M."]})
    return reference, values["raison"], values["texte"]


class FiltresForm(French):
    """Filters of the journal, in the address of the page; what is not one is left aside."""

    class Meta:
        unknown = EXCLUDE

    periode = fields.String(load_default="7", validate=validate.OneOf(PERIODES, error=_CHOOSE))
    du = DateFr(load_default=None, allow_none=True)
    au = DateFr(load_default=None, allow_none=True)
    qui = fields.String(load_default="")
    acte = fields.String(load_default="", validate=validate.OneOf(["", *CHOIX], error=_CHOOSE))
    volet = fields.String(load_default="", validate=validate.OneOf(["", ON_DOSSIER, *SECTIONS], error=_CHOOSE))
    decision = fields.String(load_default="", validate=validate.OneOf(["", *journal.DECISIONS], error=_CHOOSE))
    dossier = Ligne(load_default="", maximum=20)
    avant = fields.UUID(load_default=None)
    apres = fields.UUID(load_default=None)


def filtres(values: dict[str, Any], today: date) -> Filtres:
    """Raises: ValidationError, by field, when the reference or the person cannot be one, or dates are crossed."""
    start, end = _periode(values, today)
    compte_id, role = _qui(values["qui"])
    typed = values["dossier"]
    reference, demande = journal.normalise_reference(typed), journal.normalise_demande(typed)
    if typed and reference is None and demande is None:
        said = "Une référence de dossier s’écrit D-7F2K-901M\u00a0; celle d’un refus, 2337-bbdd-31f4."
        raise ValidationError({"dossier": [said]})
    return Filtres(
        start,
        end,
        compte_id=compte_id,
        role=role,
        acte=CHOIX.get(values["acte"]),
        section=values["volet"] if values["volet"] in SECTIONS else None,
        on_dossier=True if values["volet"] == ON_DOSSIER else None,
        decision=values["decision"] or None,
        reference=reference,
        demande=demande,
    )


def _periode(values: dict[str, Any], today: date) -> tuple[date, date]:
    if values["periode"] != DATES:
        return today - timedelta(days=int(values["periode"]) - 1), today
    end = values["au"] or today
    start = values["du"] or end - timedelta(days=29)
    if start > end:
        raise ValidationError({"du": ["La période finit avant de commencer. Relisez les deux dates."]})
    if start.year < 2000 or end.year > 2200:
        raise ValidationError({"du": ["Choisissez des dates de ce siècle."]})
    return start, end


def _qui(typed: str) -> tuple[UUID | None, str | None]:
    kind, _, value = typed.partition(":")
    try:
        match kind:
            case "compte":
                return UUID(value), None
            case "role":
                return None, str(Role(value))
            case "":
                return None, None
    except ValueError:
        pass
    raise ValidationError({"qui": ["Choisissez la personne ou le rôle dans la liste."]})


def role_options(*, has_rpps: bool) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Roles that an account may be granted, and those that stay closed to it."""
    closed = () if has_rpps else BY_EVIDENCE
    return _options(role for role in GRANTABLE if role not in closed), _options(closed)


def _options(roles: Iterable[Role]) -> list[tuple[str, str]]:
    return [(str(role), role.label) for role in roles]
