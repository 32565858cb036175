"""Reading the traces: lines without content for the direction, accesses to one dossier for its professionals and its worker.

Serves C. trav. art. R. 4624-45-5 al. 4, RGPD art. 15 and 32. Traces are written by `traces` alone.
"""
