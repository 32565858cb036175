"""Who may do what: the action registry, the policies, the decisions that they give, and the delegations of the médecin.

Serves C. trav. art. L. 4624-8, R. 4624-45-5 (access to the DMST) and R. 4624-45-6 (oppositions). The rules themselves are
data, in `policies/`.
"""
