# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decorator `dataclass` of the standard library, with methods that need no compilation.

The standard library writes the source of up to six methods for each class, and compiles them when the class is made:
0.3 to 0.9 ms. A module makes 130 classes in each run, on each host. Here the methods are closures over the names of the
fields, which costs a twentieth of that; objects are made and compared as fast. `fields`, `replace` and `asdict` of the
standard library work with these classes, and type checkers see the standard library's decorator.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, *, frozen: bool = False, order: bool = False) -> Any:
        """As the standard library's, for fields that `__init__` takes (no `init=False`, no `InitVar`). With `order`,
        which few classes have, it is the standard library's.

        Errors: as there: ValueError for a mutable default, TypeError for a field without default behind one with.
        """
        if cls is None:
            return lambda decorated: dataclass(decorated, frozen=frozen, order=order)
        if order:
            return dataclasses.dataclass(frozen=frozen, order=order)(cls)
        # Where there is no text, the standard library derives one from the signature, which takes a millisecond.
        cls.__doc__ = cls.__doc__ or cls.__name__
        made = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        for name, method in _methods(made, frozen).items():
            if name not in made.__dict__:
                setattr(made, name, method)
        return made


def _methods(cls: type, frozen: bool) -> dict[str, Callable[..., Any] | None]:
    fields = dataclasses.fields(cls)
    compared = _values([field.name for field in fields if field.compare])
    methods: dict[str, Callable[..., Any] | None] = {
        "__init__": _initializer(cls, fields),
        "__repr__": _representation([field.name for field in fields if field.repr]),
        "__eq__": _equality(compared),
        # What can change must not be found by what it was.
        "__hash__": None,
    }
    if frozen:
        methods.update(__hash__=lambda self: hash(compared(self)), __setattr__=_refuse, __delattr__=_refuse)
    return methods


def _initializer(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    names = tuple(field.name for field in fields)
    known = frozenset(names)
    count = len(names)
    defaults = [(field.name, field.default) for field in fields if field.default is not dataclasses.MISSING]
    factories = [
        (field.name, field.default_factory) for field in fields if field.default_factory is not dataclasses.MISSING
    ]
    optional = frozenset(name for name, _default in (*defaults, *factories))
    for before, name in zip(names, names[1:]):
        if before in optional and name not in optional:
            raise TypeError(f"non-default argument {name!r} follows default argument")
    after = getattr(cls, "__post_init__", None)

    def initialize(self: Any, *given: Any, **named: Any) -> None:
        # `__dict__`, as an object that is frozen refuses everything else.
        values = self.__dict__
        if given:
            if len(given) > count:
                raise TypeError(f"{cls.__name__} takes {count} arguments, not {len(given)}")
            values.update(zip(names, given))
            if named and not named.keys().isdisjoint(names[: len(given)]):
                raise TypeError(f"{cls.__name__} got two values for an argument")
        if named:
            values.update(named)
        if len(values) != count or not named.keys() <= known:
            for name, default in defaults:
                if name not in values:
                    values[name] = default
            for name, factory in factories:
                if name not in values:
                    values[name] = factory()
            if values.keys() != known:
                missing, unknown = sorted(known - values.keys()), sorted(values.keys() - known)
                raise TypeError(f"{cls.__name__}: missing arguments {missing}, unknown arguments {unknown}")
        if after is not None:
            after(self)

    return initialize


def _values(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _self: ()


def _equality(compared: Callable[[Any], Any]) -> Callable[[Any, object], Any]:
    def equal(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    return equal


def _representation(names: list[str]) -> Callable[[Any], str]:
    def represent(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    return represent


def _refuse(self: Any, name: str, *_value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change {self.__class__.__name__}.{name}")
