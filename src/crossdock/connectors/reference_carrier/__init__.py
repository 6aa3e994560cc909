"""A carrier that speaks the published system API: signed webhooks in, keyed requests out."""
