"""`python -m ecotwin_standin`."""

from ecotwin_standin.cli import main

main()
