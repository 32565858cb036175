"""An SPST as a tenant: its legal identity, its structures, centres, sectors and teams, its life cycle.

Serves C. trav. art. L. 4622-7 and following (services), D. 4622-48 and following (agrément).
"""
