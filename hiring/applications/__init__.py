"""Applications, their stages, offers, hires and outcomes: what happens between a person and a job."""
