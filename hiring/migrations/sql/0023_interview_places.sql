-- Where an interview takes place: an address and room, a link, a telephone number. Free text: it is never extracted.
alter table assessments.interviews add column place text;
