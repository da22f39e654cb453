-- What a résumé showed of what the job asks for, told to the warehouse as a screening signal. The parser's text stays here.
alter table assessments.resume_parses
  add column match_score numeric(5, 4) check (match_score between 0 and 1),  -- share of asked-for qualifications, licences and subjects
  add column completed_at timestamptz,
  add constraint score_of_a_finished_parse check (match_score is null or (state = 'done' and completed_at is not null));

call capture.enable('assessments.resume_parses');

-- Neither `result`, which holds the résumé, nor `error`, which may quote it.
grant select (id, tenant_id, application_id, state, parser_version, source_system, source_id, created_at, updated_at, recorded_at,
              match_score, completed_at, _xid)
  on assessments.resume_parses to warehouse_reader;
