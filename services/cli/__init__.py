"""The one command line: `python -m services <verb>`, what its verbs share, and how they speak."""
