"""Agenda, visits and exams, the notes taken there and what they conclude.

Serves C. trav. art. L. 4624-1 to L. 4624-2-4, R. 4624-10 to R. 4624-44. Appointments are the register's; visits are S3, their
conclusions S5. A closed visit never changes: it is completed.
"""
