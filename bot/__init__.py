"""The bot itself: it hears, understands, remembers and speaks."""
