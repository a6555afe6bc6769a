"""Contents of files that several packages share, each with its reader and writer."""
