"""The register's companies: adhérents, establishments, contracts. No health datum, no exposure.

Serves C. trav. art. L. 4622-1 and following, D. 4622-22 (what the employer declares each year).
"""
