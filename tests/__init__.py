"""What must hold, told as sentences. `conftest.py` gives places, `factories/` gives things."""
