"""The dossier médical en santé au travail: its parts S1 to S8, who follows it, information given, oppositions.

Serves C. trav. art. L. 4624-8, R. 4624-45-3 to R. 4624-45-9. One dossier per worker and SPST, entered through the worker.
"""
