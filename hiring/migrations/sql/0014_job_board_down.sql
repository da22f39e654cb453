drop index jobs.jobs_search, jobs.jobs_newest;
