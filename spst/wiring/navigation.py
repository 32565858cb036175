"""What each family finds in the frame of its pages."""

from collections.abc import Iterable
from functools import cache

from spst.habilitations import actions, choix, politique
from spst.kernel.acteur import Famille, Role
from spst.portail import navigation as portail
from spst.web.ports import Lien, Recherche, Utilisateur

_JOURNEE = ("Ma journée", "/journee")
_RECHERCHE = ("Rechercher", "/recherche")
_COMPTES = ("Comptes", "/direction/comptes")
_DELEGATIONS = ("Délégations", "/delegations")
_ALERTES = ("Accès à examiner", "/direction/acces-a-examiner")
_LINKS: dict[Famille, tuple[tuple[str, str], ...]] = {
    Famille.SANTE: (_JOURNEE, _RECHERCHE, _DELEGATIONS),
    Famille.DELEGUE: (_JOURNEE, _RECHERCHE, _DELEGATIONS),
    Famille.ADMINISTRATIF: (_JOURNEE, _RECHERCHE, ("Secteurs", "/secteurs")),
    Famille.DIRECTION: (
        ("Pilotage", "/direction/accueil"),
        ("Journal des accès", "/direction/journal"),
        _ALERTES,
        _COMPTES,
        ("Politique", "/direction/politique"),
        _DELEGATIONS,
    ),
}
_RESERVED = {_COMPTES: "compte.list", _ALERTES: "alerte.consult"}
"""Links that lead only some roles of their family somewhere, with the act that they begin."""
_UNDER = {
    "/direction/journal": ("/direction/reidentifications",),
    _COMPTES[1]: ("/direction/equipes", "/direction/moyens", "/direction/revues"),
}
"""Pages that one reaches from another, whose link stays the current one."""
_SEARCHERS = {Famille.SANTE, Famille.DELEGUE, Famille.ADMINISTRATIF}


class NavigationByFamily:
    """Implements `spst.web.ports.Navigation`."""

    def home(self, user: Utilisateur) -> str:
        if user.acteur.famille is Famille.TRAVAILLEUR:
            return portail.home(user)
        links = _LINKS.get(user.acteur.famille)
        return links[0][1] if links else "/compte"

    def links(self, user: Utilisateur, path: str) -> Iterable[Lien]:
        if user.acteur.famille is Famille.TRAVAILLEUR:
            yield from portail.links(user, path)
        for label, url in _links_of(user.acteur.role):
            pages = (url, *_UNDER.get(url, ()))
            yield Lien(label, url, courant=any(path == one or path.startswith(f"{one}/") for one in pages))

    def search(self, user: Utilisateur) -> Recherche | None:
        if user.acteur.famille not in _SEARCHERS:
            return None
        return Recherche(
            url="/recherche",
            libelle="Rechercher un dossier par nom, prénom ou date de naissance",
            invite="Nom ou naissance",
            suggestions_url="/recherche/suggestions",
        )


@cache
def _links_of(role: Role) -> tuple[tuple[str, str], ...]:
    law = politique.ceiling_alone()
    return tuple(
        link
        for link in _LINKS.get(role.famille, ())
        if link not in _RESERVED or choix.opens_at_best(law, role, actions.get(_RESERVED[link]))
    )
