"""The door: web, command line and wiring. Nobody imports app."""
