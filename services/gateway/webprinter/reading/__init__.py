"""From the bytes of a request to what is meant by them, leniently."""
