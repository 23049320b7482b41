"""What `make demo` shows and what it shows it with."""
