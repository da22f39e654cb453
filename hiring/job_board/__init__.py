"""The public job board: open jobs that are posted outside, for anybody, without a sign-in.

What belongs here: search, public fields, caching headers. Like the flows it asks several domains, and only reads.
"""
