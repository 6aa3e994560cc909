"""Experience APIs: curated views, served from what is stored and never from a back end."""
