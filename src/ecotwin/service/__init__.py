"""The live page, its API and its sign-in."""
