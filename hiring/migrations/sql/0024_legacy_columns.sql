-- How an import's files name their columns: a report reads them again.
alter table legacy.imports add column columns jsonb not null default '{}';
