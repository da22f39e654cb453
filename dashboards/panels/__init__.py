"""Panels: a question, a one-sentence finding, a chart, its receipts and its CSV. Pages put them together."""
