"""The Internet Printing Protocol: its encoding and a client, after RFC 8010, RFC 8011 and the PWG 5100 series."""
