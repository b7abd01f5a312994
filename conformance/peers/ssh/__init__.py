"""SSH, watched by an instrumented peer that sees each packet in the clear.

`log`, `packets` and `events`: what is seen, and what it means in our words. `watch`: the instrumented server.
"""
