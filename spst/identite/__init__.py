"""The person: traits, INS and its status, who may enter the portal in his name.

Serves CSP art. L. 1111-8-1 (INS), the RNIV, C. trav. art. L. 4624-8 al. 2. Civil identity stands in the register that
administrative staff read; the matricule stands in S1 of the dossier.
"""
