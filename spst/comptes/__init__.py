"""People as users: accounts, roles granted, electronic identities, log-in and sessions; ports to PSC and FranceConnect.

Serves CSP art. L. 1470-1 to L. 1470-5 (electronic identification), C. trav. art. R. 4624-45-5.
"""
