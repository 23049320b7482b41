"""What we are held against, one module each, measured in the same run."""
