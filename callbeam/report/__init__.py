"""Pages that show calls to people: an index of a fleet, and one page for each call asked for."""
