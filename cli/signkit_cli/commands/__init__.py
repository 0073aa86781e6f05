"""One module per command or group of commands; each has an ``app``. Heavy imports stand inside the functions."""
