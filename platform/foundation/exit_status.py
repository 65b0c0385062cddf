"""What a command answers to the shell: the one table of it."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """``meaning`` is how ``mirante --help`` says it."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitStatus:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    DONE = 0, "done or yes"
    NO = 1, "the answer is no, or a file says something wrong"
    USAGE = 2, "wrong usage: an argument, a flag or a setting"
    ENVIRONMENT = 3, "the machine is in the way: a missing folder, a server that does not answer, a full disk"
    DEFECT = 70, "a defect of ours"
    INTERRUPTED = 130, "interrupted"
