"""A distributor's day in accelerated time: the demo, and the world that long tests run in.

stage     the folder, ports, secrets and processes of a world
day       the day itself: through crossdock, and through a naive point-to-point sync
summary   what came of it, counted from the partners' ledgers and the pages as rendered
"""
