"""Assessments: interviews, scorecards, screening checks, résumés and interview transcripts. A service of its own.

What belongs here: everything below the schema ``assessments``, the API over it (``app.py``) and its background jobs (``stations.py``).
What doesn't: other domains. They are named by id, news of them comes by event or by a question to the core over HTTP.
"""
