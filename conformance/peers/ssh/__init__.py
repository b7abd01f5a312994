"""SSH, watched by an instrumented peer that sees each packet in the clear.

`log`, `packets` and `events`: what is seen, and what it means in our words. `watch` and `ends`: the instrumented end,
as server or as client. `start`, `relay` and the programs' own modules: how each is started and played with. `ability`:
what one can be configured to, from which `experiments` makes what it is asked (`on_...`), with the `scripts` of a
`scene`.
"""
