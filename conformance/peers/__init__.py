"""Real programs, in real time, watched from outside.

General: `experiment` (what is asked of a program, and what becomes of it), `measures` (what a log shows, in numbers),
`evidence` (what is kept), `child` (a program and its reaping). SSH's: `ssh_log` and `ssh_events` (packets, and what
they mean in our words), `ssh_watch` (the instrumented server). asyncssh's: `asyncssh_client` is what runs,
`asyncssh_scene` plays with it, `asyncssh_scripts` and `asyncssh_experiments` are what it is asked, `asyncssh` is the
target.
"""
