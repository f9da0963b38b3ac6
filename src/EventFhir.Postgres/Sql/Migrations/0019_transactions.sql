-- Which events were written together: writers are told the name of their transaction, and ask for it in the feed.
create index event_tx on es.event (tx_id);
