"""`python -m spst.cli`: the same as `spst`, for a process that starts another under its own interpreter."""

from spst.cli import main

main()
