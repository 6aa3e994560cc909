"""Flow: moves messages through, and knows no partner, process or store engine by name.

receiver      documents in: kept, read, told apart from repeats, sent on their way
dispatcher    steps: each message to the processes whose turn it is
deliverer     effects out: each once, or one exception
timekeeper    due timers in again as messages
operator      retry, edit, waive: what people decide
replayer      what would happen if the past were decided today
machine       all of it as one synchronous machine, handed messages, time and a store
shell         threads, sockets and the clock around the machine
"""
