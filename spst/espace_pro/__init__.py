"""Pages of médecins, of their teams and of the administration: the day, the search, the dossier.

They join what lower rooms give and hold no rule of their own.
"""
