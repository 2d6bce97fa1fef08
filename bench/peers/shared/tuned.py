"""How a peer is run: everything that is tuned, in one value that is printed with each figure."""

import json
from dataclasses import asdict, fields
from typing import Any, ClassVar, Self


class Tuned:
    """What a peer's settings derive from: a frozen dataclass, of which each field is a setting with its default."""

    # Settings whose value is one of a few words. All others are numbers, or true and false, as their defaults are.
    WORDS: ClassVar[dict[str, tuple[str, ...]]] = {}
    # Every peer has these two: how many processes run workflows, and whether uvloop replaces asyncio's event loop.
    processes: int
    uvloop: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `name=value,name=value`: what is not named keeps its default, and the last of a name counts."""
        defaults = {field.name: field.default for field in fields(cls)}  # type: ignore[arg-type]
        values = {}
        for part in filter(None, text.split(",")):
            name, _, value = part.partition("=")
            if name not in defaults:
                raise ValueError(f"no setting is called {name}")
            values[name] = cls._words(name, value) if name in cls.WORDS else _number(name, value, type(defaults[name]))
        return cls(**values)

    @classmethod
    def _words(cls, name: str, text: str) -> str:
        if text not in cls.WORDS[name]:
            raise ValueError(f"{name} is one of {', '.join(cls.WORDS[name])}, not {text}")
        return text

    def __str__(self) -> str:
        values = asdict(self)  # type: ignore[call-overload]
        return ",".join(f"{name}={json.dumps(value).strip(chr(34))}" for name, value in values.items())


def _number(name: str, text: str, kind: Any) -> Any:
    """A whole number may stand for one with a fraction, but nothing else for anything else."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise ValueError(f"{name} is {kind.__name__}, which {text} is not")
    return kind(value)
