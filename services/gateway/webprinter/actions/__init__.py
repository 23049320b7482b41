"""What each command does, one file for each kind of thing; `commands` is their table of contents."""
