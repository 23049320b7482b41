"""What `make docs` writes: each generated file as text, made of the code alone."""
