"""One file a platform: wire to `Inbound`, `Outbound` to wire. Pure of database, people and language."""
