"""Text to meaning, pure: no database, no platform, no clock."""
