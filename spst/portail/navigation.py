"""Addresses of the portal, and the menu that its pages share."""

from collections.abc import Iterator

from spst.web.ports import Lien, Utilisateur

_MENU = (
    ("accueil", "Accueil"),
    ("visites", "Mes visites"),
    ("emplois", "Mes emplois et expositions"),
    ("identite", "Mon identité"),
    ("acces", "Qui a ouvert mon dossier"),
    ("droits", "Mes droits"),
)


def adresse(slug: str, page: str = "") -> str:
    return f"/p/{slug}/{page}" if page else f"/p/{slug}"


def home(user: Utilisateur) -> str:
    return adresse(user.slug, "accueil")


def links(user: Utilisateur, path: str) -> Iterator[Lien]:
    for page, libelle in _MENU:
        url = adresse(user.slug, page)
        yield Lien(libelle, url, courant=path == url or path.startswith(f"{url}/"))
