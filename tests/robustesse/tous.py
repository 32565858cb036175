"""Every form of the application."""

from dataclasses import replace

from tests.robustesse.formulaires import FORMS as GENERAL
from tests.robustesse.formulaires_droits import ACCEPTED_DROITS, FORMS_DROITS

FORMS = {
    **GENERAL,
    **{form.endpoint: replace(form, accepted=ACCEPTED_DROITS.get(form.endpoint, 303)) for form in FORMS_DROITS},
}
