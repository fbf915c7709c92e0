"""`python -m ecotwin` is `ecotwin`."""

from ecotwin.cli import main

if __name__ == "__main__":
    main()
