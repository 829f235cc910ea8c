"""The clock: when things are done."""
