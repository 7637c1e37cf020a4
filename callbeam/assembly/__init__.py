"""Parts of calls put together: rows, offsets, and the decision whose call it is."""
