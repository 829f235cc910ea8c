"""One file a platform: wire to `Inbound`, `Outbound` to wire; no database, people or language."""
