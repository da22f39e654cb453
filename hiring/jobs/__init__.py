"""Jobs (requisitions), their openings and postings, channels and their costs, hiring plans."""
