"""`spst demo`: the whole product on one machine, with data and secrets made for it.

The only place where secrets are made by default; each data folder has its own.
"""
