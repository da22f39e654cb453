"""One module a page, each with ``render(insights)``; a page lays out panels and computes no figure."""
