"""Pages of the direction, the data protection officer and the auditor: they join rooms, and hold no rule of their own."""
