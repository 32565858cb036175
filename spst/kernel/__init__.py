"""What every room stands on: the transaction, the actor, the clock, ids, errors, keys and hashes. It knows no room."""
