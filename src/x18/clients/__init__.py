"""Programs that speak the public API only, and can be copied out of here."""
