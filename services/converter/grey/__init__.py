"""Pages without colour, for printers that cannot leave it away themselves: colours become grey where they are written.

Text stays text, lines stay lines, images lose their colours. What this package does not understand stays as it is; a page on
which a colour is still seen afterwards is drawn as one grey image (`seen.py`), so that none ever reaches paper.
"""


class Unknown(Exception):
    """A way to say a colour that is not understood here."""
