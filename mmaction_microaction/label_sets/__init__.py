"""Names, codes and groups of the actions that a dataset distinguishes."""
