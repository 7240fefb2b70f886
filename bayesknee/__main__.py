"""`python -m bayesknee`."""

from bayesknee.cli import main

if __name__ == "__main__":
    main()
