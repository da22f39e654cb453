"""Self-identification: survey invitations and answers, linked to a person by a keyed hash alone."""
