"""The traces of every access and act on a dossier: one writer, append-only rows, hashes that the sealer will tie together.

Serves C. trav. art. R. 4624-45-5 al. 4: every action on the DMST, whoever does it, is traced and kept with it.
Reading the traces is the business of `journal`.
"""
