"""A process module opens with its contract, and the contract is what the code does."""

import pytest

from tools import floorplan
from tools.floorplan import Module

PROCESSES = floorplan.processes()


def decided(process: Module) -> set[str]:
    """The messages a process builds, itself or in the leaves it decides with."""
    modules = (process, *floorplan.leaves(process))
    return {name for module in modules for name, _ in floorplan.constructions(module)}


def heard(process: Module) -> set[str]:
    """The messages its `decide` tells apart."""
    function = floorplan.decide(process)
    assert function is not None
    return {name for name, _ in floorplan.receptions(function)}


def test_there_are_processes_to_look_at() -> None:
    assert len(PROCESSES) >= 3


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.path.stem)
def test_the_head_lists_what_is_received(process: Module) -> None:
    promised = floorplan.contract(process).receives & set(floorplan.message_types())

    assert promised == heard(process)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.path.stem)
def test_the_head_lists_what_is_subscribed(process: Module) -> None:
    assert floorplan.contract(process).receives == floorplan.subscribed(process)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.path.stem)
def test_the_head_lists_what_is_emitted(process: Module) -> None:
    promised = floorplan.contract(process).emits & set(floorplan.message_types())

    assert promised == decided(process)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.path.stem)
def test_the_head_names_a_key_and_the_house_rules(process: Module) -> None:
    contract = floorplan.contract(process)

    assert contract.key
    assert contract.rules


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.path.stem)
def test_the_head_names_nothing_that_does_not_exist(process: Module) -> None:
    contract = floorplan.contract(process)
    classes = {node.name for module in floorplan.house() for node in module.classes()}

    assert (contract.receives | contract.emits) - classes == set()


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.path.stem)
def test_a_process_decides_with_its_own_leaves_only(process: Module) -> None:
    strangers = [
        leaf.path.stem
        for leaf in floorplan.leaves(process)
        if leaf.path.stem != "__init__" and not leaf.path.stem.startswith(process.path.stem)
    ]

    assert strangers == []
