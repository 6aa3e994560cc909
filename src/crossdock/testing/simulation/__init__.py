"""The deterministic simulation: the real house in a world that one seed makes and breaks.

    options      what a seed draws: how many orders, which faults and how often
    orders      which orders a run has
    faults       the table of everything that can go wrong
    timeline     the simulated clock, and what is to happen when
    partners     the partners and their ledgers, reached without a socket
    wire, post   the network to the partners, and from them
    memory       the store of a run: the real tables and SQL, in memory
    unread       metrics that stay at zero
    house        the machine over the real store: steps, crashes, restarts
    people       customers who look, operators who decide
    customers   customers who offer us loads and are told of milestones, and our own lorries
    offers      what customers offered, and what persons said to it
    neighbour    a second tenant who moves into the store of a run
    people_of_money  persons of finance, who decide about charges, alone and in twos
    statements   what partners tell of their ledgers, with what clerks did to them
    witness      what was really delivered and really done, apart from our tables
    exchanges    what was really exchanged in X12
    invariants   what must hold after every event, and at the end
    world        all of it together, event by event
    runs         many seeds, shrinking, figures
    defences     every defence of the house, and the seams by which it is taken away
    ablation     which seeds miss a defence, alone and in pairs
    canary       a build with a fault in one of a hundred seeds

`docs/how-to/simulate-a-world.md` tells how to run it, how to read it and where to extend it.
"""
