"""Campaigns: many targets, profiles and suites, on many processors, from a journal that survives being killed."""
