"""One report in several forms: what was judged, by which policy, what came out, and how to see it again."""
