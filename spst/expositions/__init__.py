"""Jobs held and exposures over the whole career: the curriculum laboris (S2).

Serves C. trav. art. R. 4624-45-4 2°, L. 4161-1, R. 4624-23. Rows are closed or corrected by new ones, never deleted.
"""
