# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is done with such a class, the standard library's decorator does the same."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ansible_collections.linuxnet.macvlan.plugins.module_utils._base.record import dataclass

BOTH = [dataclass, dataclasses.dataclass]


def classes(decorator: Callable[..., Any], frozen: bool) -> type:
    @decorator(frozen=frozen)
    class Base:
        """A text."""

        first: int
        second: str = "two"

    @decorator(frozen=frozen)
    class Derived(Base):
        # pylint: disable=invalid-field-call  # both decorators make a dataclass
        third: list[int] = dataclasses.field(default_factory=list)
        fourth: float = dataclasses.field(default=4.0, compare=False, repr=False)

        def total(self) -> int:
            return self.first + len(self.third)

    return Derived


def outcome(act: Callable[[], Any]) -> Any:
    """What it returns, or the class of what it raises."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001  (whatever it is, both are to raise it)
        return type(error)


def arguments(random_: random.Random) -> tuple[list, dict]:
    given = [random_.choice([1, "x", 2.5]) for dummy in range(random_.randint(0, 5))]
    named = {
        name: random_.choice([1, "x", (3,)])
        for name in ("first", "second", "third", "fourth", "fifth")
        if random_.random() < 0.3
    }
    return given, named


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("seed", range(300))
def test_any_arguments_are_taken_or_refused_alike(seed, frozen):
    given, named = arguments(random.Random(seed))

    def made(decorator: Callable[..., Any]) -> dict[str, Any]:
        return vars(classes(decorator, frozen)(*given, **named))

    ours, theirs = (outcome(partial(made, one)) for one in BOTH)
    assert ours == theirs


def described(decorator: Callable[..., Any], frozen: bool) -> dict[str, Any]:
    made = classes(decorator, frozen)
    one, same, other = made(1), made(1, fourth=9.0), made(1, "three")

    def change() -> None:
        one.first = 2

    def remove() -> None:
        del one.first

    return {
        "equal": one == same,
        "other": one == other,
        "of another class": one == 1,
        "own lists": one.third is not same.third,
        "text": repr(one).replace(made.__qualname__, "X"),
        "as data": dataclasses.asdict(one),
        "replaced": dataclasses.asdict(dataclasses.replace(one, second="five")),
        "refuses to replace": outcome(lambda: dataclasses.replace(one, fifth=5)),
        "copied": copy.deepcopy(one) == one,
        "fields": [(field.name, field.default) for field in dataclasses.fields(made)],
        "total": one.total(),
        "hash": outcome(lambda: hash(made(1, "two", ())) == hash(made(1, "two", (), 7.0))),
        "unhashable member": outcome(lambda: hash(one)),
        "changed": outcome(change),
        "removed": outcome(remove),
        "unknown set": outcome(lambda: setattr(one, "sixth", 1)),
    }


@pytest.mark.parametrize("frozen", [True, False])
def test_it_behaves_as_the_standard_library_does(frozen):
    ours, theirs = (described(one, frozen) for one in BOTH)
    assert ours == theirs


@pytest.mark.parametrize("decorator", BOTH)
def test_own_methods_stay(decorator):
    @decorator(frozen=True)
    class Own:
        value: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

        def __post_init__(self) -> None:
            object.__setattr__(self, "value", self.value + 1)

    assert (Own(1) == 3, hash(Own(1)), repr(Own(1)), Own(1).value) == (True, 7, "own", 2)


@pytest.mark.parametrize("decorator", BOTH)
def test_without_fields(decorator):
    @decorator(frozen=True)
    class Empty:
        pass

    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert repr(Empty()).endswith("Empty()")


@pytest.mark.parametrize("decorator", BOTH)
def test_it_can_be_ordered(decorator):
    @decorator(frozen=True, order=True)
    class Ordered:
        value: int

    assert sorted([Ordered(2), Ordered(1)]) == [Ordered(1), Ordered(2)]


@pytest.mark.parametrize("decorator", BOTH)
def test_a_class_that_cannot_be_is_refused(decorator):
    def misplaced() -> None:
        @decorator
        class _Misplaced:
            first: int = 1
            second: str

    def shared() -> None:
        @decorator
        class _Shared:
            values: list = []  # noqa: RUF012

    assert (outcome(misplaced), outcome(shared)) == (TypeError, ValueError)


@dataclass(frozen=True)
class Sent:
    value: int
    values: tuple = ()


def test_it_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(Sent(1, (2,)))) == Sent(1, (2,))
