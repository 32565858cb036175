"""The travailleur's own space: he enters by FranceConnect+ and reads what is his (R. 4624-45-8, L. 1111-7 CSP).

Pages join rooms here and hold no rule: what he may read is decided by `habilitations`, what is meant for him by each room.
"""
